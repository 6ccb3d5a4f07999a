import { createOrchestrator, errorTable, LlmError, type ErrorKind } from 'llm-switchyard'
import { createFakeProvider } from 'llm-switchyard/testing'
import { expect, onTestFinished, test } from 'vitest'

const kinds = Object.keys(errorTable) as ErrorKind[]
const said = 'the host ends this call'
const target = 'openai/m'

/** How far the provider was when the host ended the call. */
const moments = { 'before the head': { firstMs: 60_000 }, 'in the answer': { betweenMs: 60_000 } }

test.each(
  kinds.flatMap((kind) =>
    Object.entries(moments).flatMap(([moment, pacing]) =>
      [true, false].map((stream) => [kind, moment, stream ? 'a stream' : 'a whole answer', pacing] as const),
    ),
  ),
)(
  'a call that its host ends with %s %s of %s is no fault of the provider',
  async (kind, _at, form, pacing) => {
    const stream = form === 'a stream'
    const ended = new AbortController()
    let calls = 0
    const fake = await createFakeProvider({
      script: () =>
        calls++ === 0 ? { text: 'one two', pacing: stream ? pacing : { firstMs: 60_000 } } : 'next',
    })
    onTestFinished(() => fake.close())
    const yard = createOrchestrator({
      providers: { openai: { baseUrl: fake.baseUrl('openai-chat'), apiKey: ['only-key'] } },
      breaker: { failures: 1 },
      retry: { attempts: 3 },
    })
    onTestFinished(() => yard.close({ drainMs: 0 }))
    const request = { model: target, messages: [{ role: 'user' as const, content: 'Hi' }] }
    const answered = async (): Promise<void> => {
      const reply = await yard.chatApiCall({ ...request, stream, signal: ended.signal })
      if ('response' in reply) await reply.response
    }
    const answer = answered()
    await expect.poll(() => fake.log.length).toBe(1)
    ended.abort(new LlmError(kind, said))
    await expect(answer).rejects.toMatchObject({
      kind,
      message: expect.stringMatching(new RegExp(`^(openai \\(m\\): )?${said}$`)) as string,
      attempts: [{ provider: 'openai' }],
    })
    // Neither the only key nor the breaker rests, and nothing was repeated.
    expect((await yard.chatApiCall(request)).text).toBe('next')
    expect(fake.log).toHaveLength(2)
    expect(yard.health()[target]).toMatchObject({ failed: 0, status: 'healthy' })
  },
)

import { createOrchestrator, type LlmError } from 'llm-switchyard'
import { createOpenAIHandler, type CallEnd } from 'llm-switchyard/http'
import { createFakeClock, createFakeProvider, type ScriptedReply } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'

const user = [{ role: 'user', content: 'Hi' }]
const doors = {
  '/v1/chat/completions': { messages: user },
  '/v1/responses': { input: 'Hi' },
  '/v1/messages': { messages: user, max_tokens: 9 },
}
const wires = ['openai-chat', 'anthropic-messages', 'gemini'] as const
const providers = { 'openai-chat': 'openai', 'anthropic-messages': 'anthropic', gemini: 'google' }

const replies: readonly [string, ScriptedReply, boolean][] = [
  ['answers', { text: ['a ', 'b '] }, false],
  ['refuses', { error: 'server-failed' }, true],
  ['breaks off', { text: ['a ', 'b ', 'c '], chaos: { type: 'cut', at: 'middle', by: 'reset' } }, true],
]

describe.each(Object.entries(doors))('%s', (door, body) => {
  describe.each(wires)('over %s', (wire) => {
    test.each(replies)(
      'a provider that %s: onEnd is called once, whole and streamed',
      async (_how, script, fails) => {
        await using provider = await createFakeProvider({ script })
        const id = providers[wire]
        await using orchestrator = createOrchestrator({
          providers: { [id]: { baseUrl: provider.baseUrl(wire), apiKey: 'k' } },
        })
        const ends: CallEnd[] = []
        const handler = createOpenAIHandler(orchestrator, {
          authorize: 'open',
          onEnd: (end) => void ends.push(end),
        })
        for (const stream of [false, true]) {
          const given = JSON.stringify({ ...body, model: `${id}/m`, stream })
          const headers = { 'content-type': 'application/json' }
          const response = await handler(
            new Request(`http://h${door}`, { method: 'POST', headers, body: given }),
          )
          await response.text().catch(() => undefined)
        }
        await expect.poll(() => ends.length).toBe(2)
        for (const { error, answer } of ends) {
          expect(error !== undefined).toBe(fails)
          expect(answer.provider).toBe(id)
          expect(answer.usage.totalTokens).toBeGreaterThanOrEqual(0)
        }
      },
    )
  })
})

test('a call that the limits refuse was never sent, so nothing ends', async () => {
  await using provider = await createFakeProvider({ script: 'Hi' })
  await using orchestrator = createOrchestrator({
    providers: { openai: { baseUrl: provider.baseUrl('openai-chat'), apiKey: 'k' } },
    limits: { global: { requestsPerMinute: 1 }, burst: 1 },
  })
  const errors: (LlmError | undefined)[] = []
  const handler = createOpenAIHandler(orchestrator, {
    authorize: 'open',
    onEnd: ({ error }) => void errors.push(error),
  })
  const statuses: number[] = []
  for (let call = 0; call < 2; call++) {
    const body = JSON.stringify({ model: 'openai/m', messages: user })
    const headers = { 'content-type': 'application/json' }
    const response = await handler(
      new Request('http://h/v1/chat/completions', { method: 'POST', headers, body }),
    )
    statuses.push(response.status)
  }
  expect(statuses).toEqual([200, 429])
  expect(errors).toEqual([undefined])
})

describe('a function of the host that never answers', () => {
  const silent = (): Promise<never> => new Promise(() => undefined)
  test.each([
    ['authorize', { authorize: silent }],
    ['prepare', { authorize: 'open' as const, prepare: silent }],
  ])('%s: the request is refused in time, and when its client leaves', async (_name, options) => {
    await using provider = await createFakeProvider({ script: 'Hi' })
    await using orchestrator = createOrchestrator({
      providers: { openai: { baseUrl: provider.baseUrl('openai-chat'), apiKey: 'k' } },
    })
    const clock = createFakeClock()
    const handler = createOpenAIHandler(orchestrator, { ...options, clock })
    const leaving = new AbortController()
    const ask = (signal?: AbortSignal): Promise<Response> => {
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify({ model: 'openai/m', messages: user })
      return handler(
        new Request('http://h/v1/chat/completions', {
          method: 'POST',
          headers,
          body,
          signal: signal ?? null,
        }),
      )
    }
    const left = ask(leaving.signal)
    leaving.abort()
    expect((await left).status).toBeGreaterThanOrEqual(400)
    const late = ask()
    let status = 0
    void late.then((response) => (status = response.status))
    await expect
      .poll(async () => {
        await clock.advanceAsync(30_000)
        return status
      })
      .toBeGreaterThanOrEqual(500)
    expect(orchestrator.stats().active).toBe(0)
  })
})

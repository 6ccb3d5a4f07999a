import Anthropic from '@anthropic-ai/sdk'
import { describe, expect, test } from 'vitest'
import { until } from '../http/gateway.ts'
import { failureOf, leavesAtOnce, sharedGateway, type ServedGateway } from './served.ts'

const gateway = sharedGateway()
const clientOf = ({ url }: ServedGateway): Anthropic =>
  new Anthropic({ apiKey: 'any', baseURL: url, maxRetries: 0 })
const messages = [{ role: 'user' as const, content: 'Hi' }]
const body = { model: 'thoughtful', max_tokens: 2_048, messages }
const tools = [
  {
    name: 'get_weather',
    description: 'The weather of a city',
    input_schema: { type: 'object' as const, properties: { city: { type: 'string' } } },
  },
]

describe('the anthropic client on messages', () => {
  test('a whole answer with thinking, and the turn that follows it', async () => {
    const served = gateway(({ turns }) =>
      turns.length === 1
        ? {
            reasoning: 'A city in the north.',
            text: 'Let me see.',
            toolCalls: [{ name: 'get_weather', arguments: { city: 'Oslo' } }],
            usage: { inputTokens: 20, outputTokens: 9, cachedInputTokens: 5 },
          }
        : `It is ${turns.at(-2)?.toolResults[0]?.text ?? turns.at(-1)?.toolResults[0]?.text}.`,
    )
    const thinking = { type: 'enabled' as const, budget_tokens: 1_024 }
    const first = await clientOf(served).messages.create({ ...body, tools, thinking, system: 'Be brief.' })
    expect(first.content.map(({ type }) => type)).toEqual(['thinking', 'text', 'tool_use'])
    expect(first.stop_reason).toBe('tool_use')
    expect(first.usage).toMatchObject({
      input_tokens: 15,
      cache_read_input_tokens: 5,
      output_tokens: 9,
    })
    const call = first.content.find((block) => block.type === 'tool_use')
    const second = await clientOf(served).messages.create({
      ...body,
      tools,
      thinking,
      messages: [
        ...messages,
        { role: 'assistant', content: first.content },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: call?.id ?? '', content: [{ type: 'text', text: 'mild' }] },
            { type: 'text', text: 'Well?' },
          ],
        },
      ],
    })
    expect(second.content).toMatchObject([{ type: 'text', text: 'It is mild.' }])
    const [asked, followed] = served.log()
    expect(asked?.request).toMatchObject({ system: 'Be brief.', settings: { maxTokens: 2_048 } })
    // The signed thought has gone back to the vendor that made it.
    expect(followed?.request?.turns[1]?.reasoning).toBe('A city in the north.')
  })

  test('the stream helper', async () => {
    const served = gateway({
      reasoning: 'Hm.',
      text: ['Hel', 'lo'],
      toolCalls: [{ name: 'get_weather', arguments: { city: 'Oslo' } }],
    })
    const stream = clientOf(served).messages.stream({ ...body, tools })
    let text = ''
    stream.on('text', (piece) => void (text += piece))
    const final = await stream.finalMessage()
    expect(text).toBe('Hello')
    expect(final.content.map(({ type }) => type)).toEqual(['thinking', 'text', 'tool_use'])
    expect(final.content[2]).toMatchObject({ name: 'get_weather', input: { city: 'Oslo' } })
    expect(final.stop_reason).toBe('tool_use')
  })

  test('pictures and documents arrive, also at a provider of another format', async () => {
    const content = [
      { type: 'text' as const, text: 'What is this?' },
      {
        type: 'image' as const,
        source: { type: 'base64' as const, media_type: 'image/png' as const, data: 'iVBORw0KGgo=' },
      },
      {
        type: 'document' as const,
        source: { type: 'base64' as const, media_type: 'application/pdf' as const, data: 'JVBERi0=' },
      },
    ]
    for (const model of ['thoughtful', 'fast']) {
      const served = gateway('A dot.')
      await clientOf(served).messages.create({ ...body, model, messages: [{ role: 'user', content }] })
      expect(served.log()[0]?.request?.turns[0]?.media.map(({ type }) => type)).toEqual(['image', 'file'])
    }
  })

  test.each([
    ['rate-limited', Anthropic.RateLimitError, 'rate_limit_error'],
    ['unauthorized', Anthropic.AuthenticationError, 'authentication_error'],
    ['overloaded', Anthropic.InternalServerError, 'overloaded_error'],
  ] as const)('a provider that answers %s', async (error, kind, type) => {
    const served = gateway({ error })
    for (const stream of [false, true]) {
      const thrown = await failureOf(clientOf(served).messages.create({ ...body, stream }))
      expect(thrown).toBeInstanceOf(kind)
      expect(thrown).toMatchObject({ error: { type: 'error', error: { type } } })
      expect((thrown as { requestID: unknown }).requestID).toMatch(/^req_/)
    }
  })

  test('an error inside the stream is thrown', async () => {
    const served = gateway({
      text: 'one two three',
      chaos: { type: 'error', at: 'middle', error: 'overloaded' },
    })
    const stream = clientOf(served).messages.stream(body)
    await expect(stream.finalMessage()).rejects.toThrow(/overloaded/)
  })

  test('an abort ends the upstream within 100 ms, streamed and whole', async () => {
    const served = gateway({ text: 'one two three', pacing: { firstMs: 10, betweenMs: 3_000 } })
    const stream = await clientOf(served).messages.create({ ...body, stream: true })
    for await (const event of stream) if (event.type === 'content_block_delta') break
    await leavesAtOnce(served, () => stream.controller.abort())
    const slow = gateway({ text: 'late', pacing: { firstMs: 5_000 } })
    const leaver = new AbortController()
    const call = clientOf(slow)
      .messages.create(body, { signal: leaver.signal })
      .catch((error: unknown) => error)
    await until(() => slow.log().length > 0)
    await leavesAtOnce(slow, () => leaver.abort())
    expect(await call).toBeInstanceOf(Anthropic.APIUserAbortError)
  })

  test('tokens are counted and models listed', async () => {
    const client = clientOf(gateway(''))
    const { input_tokens } = await client.messages.countTokens({ model: 'thoughtful', messages })
    expect(input_tokens).toBeGreaterThan(0)
    const ids = []
    for await (const { id, type } of client.models.list()) ids.push([id, type])
    expect(ids).toContainEqual(['thoughtful', 'model'])
  })

  test('a bad request is refused in this shape, with the path', async () => {
    const client = clientOf(gateway(''))
    const bad = client.messages.create({
      ...body,
      messages: [{ role: 'user', content: [{ type: 'text' }] }] as never,
    })
    await expect(bad).resolves.toBeDefined()
    const worse = client.messages.create({ ...body, max_tokens: 'many' as never })
    await expect(worse).rejects.toThrow(/max_tokens/)
  })
})

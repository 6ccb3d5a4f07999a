import Anthropic, { APIError } from '@anthropic-ai/sdk'
import { createFakeProvider, script, type FakeScript } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'

type Message = Anthropic.MessageParam
const messages: Message[] = [{ role: 'user', content: 'Hi' }]
const model = 'claude-haiku-4-5'
const max_tokens = 2048

async function start(answers: FakeScript) {
  const provider = await createFakeProvider({ script: answers })
  const client = new Anthropic({ apiKey: 'test-key', baseURL: `${provider.url}/anthropic`, maxRetries: 0 })
  return { client, provider, [Symbol.asyncDispose]: () => provider.close() }
}

const tool: Anthropic.Tool = {
  name: 'get_weather',
  description: 'The weather of a city',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}
const weather = script(({ toolResults }) =>
  toolResults.length === 0
    ? {
        reasoning: 'Two cities.',
        text: 'I will look.',
        toolCalls: ['Oslo', 'Bergen'].map((city) => ({ name: 'get_weather', arguments: { city } })),
      }
    : `Weather: ${toolResults.map(({ name, text }) => `${name} ${text}`).join(', ')}`,
)

/** The turn that answers the tool calls of a message. */
function answersTo({ content }: Anthropic.Message): Message {
  const calls = content.filter((block) => block.type === 'tool_use')
  const results = calls.map(({ id, input }) => ({
    type: 'tool_result' as const,
    tool_use_id: id,
    content: `rain in ${(input as { city: string }).city}`,
  }))
  return { role: 'user', content: results }
}

describe('the anthropic client', () => {
  test('a whole answer with usage', async () => {
    await using fake = await start({
      text: 'Hello there',
      usage: { inputTokens: 112, outputTokens: 5, cachedInputTokens: 80, cacheWriteTokens: 20 },
    })
    const reply = await fake.client.messages.create({ model, max_tokens, messages })
    expect(reply.content).toEqual([{ type: 'text', text: 'Hello there' }])
    expect(reply).toMatchObject({ stop_reason: 'end_turn', role: 'assistant', model })
    expect(reply.usage).toMatchObject({
      input_tokens: 12,
      cache_read_input_tokens: 80,
      cache_creation_input_tokens: 20,
      output_tokens: 5,
    })
  })

  test('raw iteration: every event in its order, with a ping', async () => {
    await using fake = await start({ text: ['Hel', 'lo'] })
    const stream = await fake.client.messages.create({ model, max_tokens, messages, stream: true })
    const types: string[] = []
    for await (const event of stream) types.push(event.type)
    const expected = [
      'content_block_start',
      'content_block_delta',
      'content_block_delta',
      'content_block_stop',
    ]
    expect(types).toEqual(['message_start', ...expected, 'message_delta', 'message_stop'])
    const reply = await fetch(`${fake.provider.baseUrl('anthropic-messages')}/messages`, {
      method: 'POST',
      headers: { 'x-api-key': 'k', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ model, max_tokens, messages, stream: true }),
    })
    expect(await reply.text()).toContain('event: ping\n')
  })

  test('the stream helper puts the same message together', async () => {
    await using fake = await start({
      reasoning: 'Be kind.',
      text: 'Hello there',
      toolCalls: [{ name: 'wave', arguments: { hand: 'left' } }],
      usage: { inputTokens: 7, outputTokens: 9 },
      citations: [{ url: 'https://example.com/a', title: 'A', text: 'said' }],
    })
    const whole = await fake.client.messages.create({ model, max_tokens, messages })
    const helper = fake.client.messages.stream({ model, max_tokens, messages })
    let text = ''
    helper.on('text', (delta) => (text += delta))
    const streamed = await helper.finalMessage()
    expect(text).toBe('Hello there')
    expect(streamed.content.map(({ type }) => type)).toEqual(['thinking', 'text', 'tool_use'])
    const plain = (message: Anthropic.Message) =>
      JSON.parse(JSON.stringify({ ...message, id: undefined }).replaceAll(/fake\d+/g, 'fake')) as unknown
    expect(plain(streamed)).toMatchObject(plain(whole) as object)
  })

  test.each(['create', 'stream'] as const)('a tool round trip with thinking (%s)', async (how) => {
    await using fake = await start(weather)
    const base = {
      model,
      max_tokens,
      tools: [tool],
      thinking: { type: 'enabled' as const, budget_tokens: 1024 },
    }
    const ask = (turns: Message[]): Promise<Anthropic.Message> =>
      how === 'create'
        ? fake.client.messages.create({ ...base, messages: turns })
        : fake.client.messages.stream({ ...base, messages: turns }).finalMessage()
    const first = await ask(messages)
    expect(first.stop_reason).toBe('tool_use')
    const history: Message[] = [...messages, { role: 'assistant', content: first.content }, answersTo(first)]
    const second = await ask(history)
    expect(second.content[0]).toMatchObject({
      text: 'Weather: get_weather rain in Oslo, get_weather rain in Bergen',
    })
    expect(fake.provider.log[1]?.request?.turns.map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'tool',
    ])
  })

  test('a thought that was changed on the way is refused', async () => {
    await using fake = await start(weather)
    const first = await fake.client.messages.create({ model, max_tokens, messages, tools: [tool] })
    const content = first.content.map((block) =>
      block.type === 'thinking' ? { ...block, thinking: 'Other thoughts.' } : block,
    )
    const history: Message[] = [...messages, { role: 'assistant', content }, answersTo(first)]
    await expect(
      fake.client.messages.create({ model, max_tokens, messages: history, tools: [tool] }),
    ).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('messages.1.content.0.signature'),
    })
  })

  test('encrypted thinking', async () => {
    await using fake = await start({ reasoning: { encrypted: 'c2VjcmV0' }, text: 'Done.' })
    const reply = await fake.client.messages.stream({ model, max_tokens, messages }).finalMessage()
    expect(reply.content[0]).toEqual({ type: 'redacted_thinking', data: 'c2VjcmV0' })
  })

  test.each([
    ['unauthorized', 401, 'authentication_error'],
    [{ status: 403 }, 403, 'permission_error'],
    [{ kind: 'rate-limited', retryAfterMs: 2500 }, 429, 'rate_limit_error'],
    ['overloaded', 529, 'overloaded_error'],
    ['server-failed', 500, 'api_error'],
    ['context-too-long', 400, 'invalid_request_error'],
  ] as const)('error %j', async (given, status, type) => {
    await using fake = await start({ error: given })
    const failure = await fake.client.messages
      .create({ model, max_tokens, messages })
      .catch((e: unknown) => e)
    expect(failure).toBeInstanceOf(APIError)
    expect(failure).toMatchObject({ status, error: { type: 'error', error: { type } } })
    expect((failure as APIError).requestID).toMatch(/^req_/)
    if (status === 429) expect((failure as APIError).headers?.get('retry-after')).toBe('3')
  })

  test('an error inside the stream', async () => {
    await using fake = await start({
      text: 'Hello there',
      chaos: { type: 'error', at: 'content', error: 'overloaded' },
    })
    const read = fake.client.messages.stream({ model, max_tokens, messages }).finalMessage()
    await expect(read).rejects.toMatchObject({ error: { error: { type: 'overloaded_error' } } })
  })

  test('the list of models', async () => {
    await using fake = await start('Hello')
    const list = await fake.client.models.list()
    expect(list.data.map(({ id }) => id)).toEqual(['fake-model'])
  })
})

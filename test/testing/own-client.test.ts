import { chatApiCall, LlmError, type ChatRequest, type ChatResponse, type MessageInput } from 'llm-switchyard'
import { script, type FakeReply, type FakeScript, type ToolDeltas } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'
import { carriers, lacks, targets } from './carriers.ts'

const user = (content: string): MessageInput => ({ role: 'user', content })
const tools = [
  {
    name: 'get_weather',
    description: 'The weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
]
const weather = script(({ toolResults }) =>
  toolResults.length === 0
    ? {
        reasoning: 'Two cities.',
        toolCalls: ['Oslo', 'Bergen'].map((city) => ({ name: 'get_weather', arguments: { city } })),
      }
    : `Weather: ${toolResults.map(({ name, text }) => `${name} ${text}`).join(', ')}`,
)

async function ask(request: ChatRequest, stream: boolean): Promise<ChatResponse> {
  if (!stream) return chatApiCall({ ...request, stream: false })
  const opened = await chatApiCall({ ...request, stream: true })
  let text = ''
  for await (const event of opened) if (event.type === 'text-delta') text += event.text
  const response = await opened.response
  expect(text).toBe(response.text)
  return response
}

const cases = Object.keys(targets).flatMap((dialect) =>
  Object.keys(carriers).flatMap((carrier) => [false, true].map((stream) => ({ dialect, carrier, stream }))),
)

describe.each(cases)('$dialect over $carrier, stream: $stream', ({ dialect, carrier, stream }) => {
  const start = (answers: FakeScript) => carriers[carrier]!(answers, dialect)
  const base = { ...targets[dialect]!, apiKey: 'test-key', messages: [user('Hi')] }
  const has = (what: string): boolean => lacks[dialect]?.includes(what) !== true

  test('a script is given the newest user message, also behind others of the same role', async () => {
    await using fake = await start(({ prompt }) => `<${prompt}>`)
    const image = { type: 'image', mediaType: 'image/png', data: 'iVBORw0KGgo=' } as const
    const see: MessageInput = { role: 'user', content: [{ type: 'text', text: 'See' }, image] }
    for (const [messages, prompt] of [
      [[user('first'), user('second')], 'second'],
      [[user('first'), { role: 'assistant', content: 'Yes' }, user('second')], 'second'],
      [[user('first'), see], 'See'],
    ] as const)
      expect((await ask({ ...base, ...fake.reach, messages }, stream)).text).toBe(`<${prompt}>`)
  })

  test('text, reasoning and usage', async () => {
    await using fake = await start({
      text: 'Hellö there 👋',
      reasoning: 'Be kind.',
      usage: { inputTokens: 20, outputTokens: 9, cachedInputTokens: 8, reasoningTokens: 4 },
    })
    const reply = await ask({ ...base, system: 'Be brief.', ...fake.reach }, stream)
    expect(reply).toMatchObject({
      text: 'Hellö there 👋',
      reasoning: 'Be kind.',
      finishReason: 'stop',
      usage: {
        inputTokens: 20,
        outputTokens: 9,
        totalTokens: 29,
        ...(has('cachedInputTokens') && { cachedInputTokens: 8 }),
      },
    })
    expect(reply.usage.estimated).toBeUndefined()
    expect(fake.log[0]?.request).toMatchObject({ dialect, prompt: 'Hi', system: 'Be brief.', stream })
    await fake.log[0]?.closed
    expect(fake.log[0]).toMatchObject({ status: 200, abortedAt: undefined })
    expect(fake.log[0]?.bytesSent).toBeGreaterThan(100)
  })

  test('a tool round trip', async () => {
    await using fake = await start(weather)
    const first = await ask({ ...base, tools, ...fake.reach }, stream)
    expect(first.finishReason).toBe('tool-calls')
    expect(first.toolCalls.map((call) => call.arguments)).toEqual([{ city: 'Oslo' }, { city: 'Bergen' }])
    const results = first.toolCalls.map(({ id, arguments: args }): MessageInput => {
      return { role: 'tool', toolCallId: id, content: `rain in ${(args as { city: string }).city}` }
    })
    const messages = [...base.messages, first.message, ...results]
    const second = await ask({ ...base, tools, messages, ...fake.reach }, stream)
    expect(second.text).toBe('Weather: get_weather rain in Oslo, get_weather rain in Bergen')
    expect(fake.log[1]?.request?.turns.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool'])
  })

  test.each((['length', 'content-filter'] as const).filter(has))('finish reason %s', async (finishReason) => {
    await using fake = await start({ text: 'Hello', finishReason })
    const outcome = await ask({ ...base, ...fake.reach }, stream).catch((error: unknown) => error)
    if (LlmError.is(outcome))
      expect([finishReason, outcome.kind]).toEqual(['content-filter', 'content-blocked'])
    else expect(outcome).toMatchObject({ finishReason })
  })

  test('a citation', async ({ skip }) => {
    if (!has('citations')) skip('the wire format carries no citations')
    await using fake = await start({
      text: 'Water boils.',
      citations: [{ url: 'https://example.com/water', title: 'Water', start: 0, end: 5 }],
    })
    const reply = await ask({ ...base, ...fake.reach }, stream)
    expect(reply.citations[0]).toMatchObject({ url: 'https://example.com/water', title: 'Water' })
  })

  test.each([
    'unauthorized',
    'rate-limited',
    'quota-exhausted',
    'overloaded',
    'server-failed',
    'timeout',
    'not-found',
    'context-too-long',
    'invalid-request',
    'conflict',
    'content-blocked',
  ] as const)('error %s', async (kind) => {
    await using fake = await start({ error: { kind, message: undefined, retryAfterMs: 2000 } })
    const error = await ask({ ...base, ...fake.reach }, stream).catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      kind: kind === 'content-blocked' ? expect.stringMatching(/^(content|invalid)/) : kind,
    })
    expect(error).toMatchObject({ retryAfterMs: 2000, provider: base.provider })
  })

  test('a wrong key', async () => {
    await using fake = await carriers[carrier]!('Hello', dialect, { keys: ['right'] })
    await expect(ask({ ...base, ...fake.reach }, stream)).rejects.toMatchObject({ kind: 'unauthorized' })
    expect(await ask({ ...base, apiKey: 'right', ...fake.reach }, stream)).toMatchObject({ text: 'Hello' })
  })

  test('an error inside a 200, before and after content', async () => {
    const chaos = (at: 'content' | 'middle'): FakeReply => ({
      text: 'one two three four',
      chaos: { type: 'error', at, error: 'overloaded' },
    })
    await using fake = await start([chaos('content'), chaos('middle')])
    const before = await ask({ ...base, ...fake.reach }, stream).catch((reason: unknown) => reason)
    expect(before).toMatchObject({ kind: 'overloaded' })
    const after = await ask({ ...base, ...fake.reach }, stream).catch((reason: unknown) => reason)
    expect(after).toMatchObject({ kind: 'overloaded' })
    if (stream) expect((after as LlmError).partial?.text).toBe('one two')
  })

  test('a web page with status 200', async () => {
    await using fake = await start({ chaos: { type: 'html' } })
    await expect(ask({ ...base, ...fake.reach }, stream)).rejects.toMatchObject({ kind: 'reply-malformed' })
  })
})

describe('tool deltas of openai-compatible servers', () => {
  const shapes: ToolDeltas[] = [
    'usual',
    'whole',
    'no-index',
    'same-index',
    'no-id',
    'late-id',
    'late-name',
    'repeated',
    'glued',
    'object',
  ]
  test.each(shapes)('%s', async (toolDeltas) => {
    await using fake = await carriers['fetch']!(
      {
        toolDeltas,
        toolCalls: [
          { name: 'get_weather', arguments: { city: 'Oslo', days: [1, 2] } },
          { name: 'get_time', arguments: { zone: 'CET' } },
        ],
      },
      'openai-chat',
    )
    const reply = await ask(
      { ...targets['openai-chat']!, apiKey: 'k', messages: [user('Hi')], ...fake.reach },
      true,
    )
    expect(reply.toolCalls.map(({ name, arguments: args }) => ({ name, args }))).toEqual([
      { name: 'get_weather', args: { city: 'Oslo', days: [1, 2] } },
      { name: 'get_time', args: { zone: 'CET' } },
    ])
    expect(new Set(reply.toolCalls.map(({ id }) => id)).size).toBe(2)
  })
})

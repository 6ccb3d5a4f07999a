import { chatApiCall, LlmError, type ChatResponse } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'

type Frame = Readonly<Record<string, unknown>>

const begin = (usage?: object, more?: object): Frame => ({
  type: 'message_start',
  message: { id: 'msg_1', model: 'claude-test-1', content: [], usage, ...more },
})
const text = (words: string, index?: number): Frame => ({
  type: 'content_block_delta',
  index,
  delta: { type: 'text_delta', text: words },
})
const finish = (reason: string | null, usage?: object): Frame => ({
  type: 'message_delta',
  delta: { stop_reason: reason },
  usage,
})
const stop: Frame = { type: 'message_stop' }

async function stream(frames: readonly Frame[]): Promise<ChatResponse> {
  const body = frames.map((frame) => `data: ${JSON.stringify(frame)}\n\n`).join('')
  const fetch: typeof globalThis.fetch = async () =>
    new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  const answer = await chatApiCall({ ...request, fetch, stream: true })
  return answer.response
}

function whole(reply: unknown): Promise<ChatResponse> {
  return chatApiCall({ ...request, fetch: async () => Response.json(reply) })
}

const request = {
  provider: 'anthropic',
  model: 'claude-test-1',
  apiKey: 'test-key',
  baseUrl: 'http://own.test/v1',
  messages: [{ role: 'user' as const, content: 'Hello!' }],
}

async function errorOf(promise: Promise<unknown>): Promise<LlmError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!LlmError.is(error)) throw new Error('expected an LlmError')
  return error
}

describe('usage in pieces', () => {
  const cases: readonly (readonly [string, object | undefined, object | undefined, object])[] = [
    [
      'output in the delta alone',
      { input_tokens: 10, output_tokens: 1 },
      { output_tokens: 5 },
      { inputTokens: 10, outputTokens: 5, totalTokens: 15 },
    ],
    [
      'nothing at the start',
      undefined,
      { input_tokens: 10, output_tokens: 5 },
      { inputTokens: 10, outputTokens: 5 },
    ],
    [
      'input restated higher',
      { input_tokens: 10, output_tokens: 1 },
      { input_tokens: 90, output_tokens: 5 },
      { inputTokens: 90 },
    ],
    [
      'a delta that knows no input',
      { input_tokens: 10, cache_read_input_tokens: 4, output_tokens: 1 },
      { input_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: null, output_tokens: 5 },
      { inputTokens: 14, outputTokens: 5, cachedInputTokens: 4 },
    ],
    [
      'a write that turned into a read',
      { input_tokens: 10, cache_read_input_tokens: 0, cache_creation_input_tokens: 50, output_tokens: 1 },
      { input_tokens: 10, cache_read_input_tokens: 50, cache_creation_input_tokens: 0, output_tokens: 5 },
      { inputTokens: 60, cachedInputTokens: 50, cacheWriteTokens: 0 },
    ],
    [
      'zeros at the start',
      { input_tokens: 0, output_tokens: 0 },
      { input_tokens: 7, cache_read_input_tokens: 3, output_tokens: 5 },
      { inputTokens: 10, outputTokens: 5, cachedInputTokens: 3 },
    ],
  ]
  test.each(cases)('%s', async (_name, first, last, expected) => {
    const { usage } = await stream([begin(first), text('hi', 0), finish('end_turn', last), stop])
    expect(usage).toMatchObject(expected)
    expect(usage.estimated).toBeUndefined()
  })

  test('none at all is an estimate', async () => {
    const { usage } = await stream([begin(), text('hi', 0), finish('end_turn'), stop])
    expect(usage.estimated).toBe(true)
  })
})

describe('streams that leave things out', () => {
  test('no block starts and no indexes', async () => {
    const { text: words } = await stream([begin(), text('a'), text('b'), finish('end_turn'), stop])
    expect(words).toBe('ab')
  })

  test('no indexes on blocks either', async () => {
    const { toolCalls, text: words } = await stream([
      begin(),
      { type: 'content_block_start', content_block: { type: 'text', text: 'So: ' } },
      { type: 'content_block_stop' },
      { type: 'content_block_start', content_block: { type: 'tool_use', id: 't1', name: 'a', input: {} } },
      { type: 'content_block_delta', delta: { type: 'input_json_delta', partial_json: '{"x":1}' } },
      { type: 'content_block_stop' },
      { type: 'content_block_start', content_block: { type: 'tool_use', id: 't2', name: 'a', input: {} } },
      { type: 'content_block_stop' },
      finish('tool_use'),
      stop,
    ])
    expect(words).toBe('So: ')
    expect(toolCalls).toEqual([
      { id: 't1', name: 'a', arguments: { x: 1 } },
      { id: 't2', name: 'a', arguments: {} },
    ])
  })

  test('an index used again opens a block of its own', async () => {
    const call = (id: string): Frame => ({
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'tool_use', id, name: 'a', input: {} },
    })
    const piece = (json: string): Frame => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'input_json_delta', partial_json: json },
    })
    const frames = [begin(), call('t1'), piece('{"x":1}'), call('t2'), piece('{"x":2}')]
    const { toolCalls } = await stream([...frames, finish('tool_use'), stop])
    expect(toolCalls.map(({ id, arguments: args }) => [id, args])).toEqual([
      ['t1', { x: 1 }],
      ['t2', { x: 2 }],
    ])
  })

  test('arguments as JSON text inside JSON', async () => {
    const { toolCalls } = await stream([
      begin(),
      {
        type: 'content_block_start',
        index: 0,
        content_block: { type: 'tool_use', id: 't1', name: 'a', input: '{"x":1}' },
      },
      { type: 'content_block_stop', index: 0 },
      finish('tool_use'),
      stop,
    ])
    expect(toolCalls).toEqual([{ id: 't1', name: 'a', arguments: { x: 1 } }])
  })

  test('no end mark after the stop reason is an end', async () => {
    const { finishReason } = await stream([begin(), text('a', 0), finish('end_turn')])
    expect(finishReason).toBe('stop')
  })

  test('an end mark without a stop reason finishes as other', async () => {
    const { finishReason } = await stream([begin(), text('a', 0), finish(null), stop])
    expect(finishReason).toBe('other')
  })

  test('neither is a broken stream, with what came before it', async () => {
    const frames = [begin(), text('half', 0), { type: 'content_block_stop', index: 0 }]
    const error = await errorOf(stream(frames))
    expect(error.kind).toBe('stream-broken')
    expect(error.partial?.text).toBe('half')
  })

  test('a signature that was replaced counts once', async () => {
    const sign = (signature: string): Frame => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'signature_delta', signature },
    })
    const thought = { type: 'thinking', thinking: 'Hm.', signature: '' }
    const { message } = await stream([
      begin(),
      { type: 'content_block_start', index: 0, content_block: thought },
      sign('first'),
      sign('last'),
      finish('end_turn'),
      stop,
    ])
    expect(message.content).toEqual([
      { type: 'reasoning', text: 'Hm.', signature: 'last', origin: 'anthropic/anthropic-messages' },
    ])
  })
})

describe('starts', () => {
  const call = { type: 'tool_use', id: 't1', name: 'roll', input: { sides: 6 } }

  test('content at the start of the message is read', async () => {
    const { toolCalls, finishReason } = await stream([begin({}, { content: [call] }), stop])
    expect(toolCalls).toEqual([{ id: 't1', name: 'roll', arguments: { sides: 6 } }])
    expect(finishReason).toBe('tool-calls')
  })

  test('a start that is repeated is one start', async () => {
    const start = begin({ input_tokens: 3 }, { content: [call] })
    const { toolCalls, usage } = await stream([start, start, finish('tool_use', { output_tokens: 2 }), stop])
    expect(toolCalls).toHaveLength(1)
    expect(usage).toMatchObject({ inputTokens: 3, outputTokens: 2 })
  })

  test('another message inside the first is an error', async () => {
    const error = await errorOf(
      stream([begin(), text('a', 0), begin({}, { id: 'msg_2' }), text('b', 0), stop]),
    )
    expect(error.kind).toBe('reply-malformed')
    expect(error.partial?.text).toBe('a')
  })

  test('a stop reason at the start does not make a cut stream whole', async () => {
    const error = await errorOf(stream([begin({}, { stop_reason: 'end_turn' }), text('half', 0)]))
    expect(error.kind).toBe('stream-broken')
  })

  test('a whole message as the only frame is an answer', async () => {
    const message = {
      type: 'message',
      id: 'm',
      content: [{ type: 'text', text: 'all' }],
      stop_reason: 'end_turn',
    }
    const { text: words, finishReason } = await stream([message])
    expect([words, finishReason]).toEqual(['all', 'stop'])
  })
})

test.each([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['pause_turn', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool-calls'],
  ['refusal', 'content-filter'],
  ['compaction', 'other'],
  ['something_new', 'other'],
])('stop reason %s is %s', async (raw, expected) => {
  const streamed = await stream([begin(), text('a', 0), finish(raw), stop])
  const plain = await whole({ content: [{ type: 'text', text: 'a' }], stop_reason: raw })
  expect([streamed.finishReason, streamed.rawFinishReason]).toEqual([expected, raw])
  expect([plain.finishReason, plain.rawFinishReason]).toEqual([expected, raw])
})

describe('citations', () => {
  test.each([
    [
      'of a document',
      { type: 'page_location', cited_text: 'x', document_title: 'Report' },
      { title: 'Report', text: 'x' },
    ],
    [
      'of a search result by address',
      { type: 'search_result_location', source: 'https://a.test', title: 'A', cited_text: 'x' },
      { url: 'https://a.test', title: 'A', text: 'x' },
    ],
    [
      'of a search result by name',
      { type: 'search_result_location', source: 'kb/7', title: null, cited_text: 'x' },
      { title: 'kb/7', text: 'x' },
    ],
  ])('%s', async (_name, citation, expected) => {
    const content = [{ type: 'text', text: 'abc', citations: [citation] }]
    const { citations } = await whole({ content, stop_reason: 'end_turn' })
    expect(citations).toEqual([{ ...expected, start: 0, end: 3 }])
  })
})

test("the vendor's own handover to another model is said", async () => {
  const block = { type: 'fallback', from: { model: 'big' }, to: { model: 'small' } }
  const { warnings } = await whole({ content: [block, { type: 'text', text: 'a' }], stop_reason: 'end_turn' })
  expect(warnings).toEqual([
    { type: 'other', message: 'the provider replaced model big by small for this answer' },
  ])
})

describe('errors inside a 200', () => {
  const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }

  test('before content', async () => {
    const error = await errorOf(stream([begin(), overloaded]))
    expect([error.kind, error.message]).toEqual(['overloaded', 'anthropic (claude-test-1): Overloaded'])
  })

  test('after content, with the answer so far', async () => {
    const error = await errorOf(stream([begin(), text('half', 0), overloaded]))
    expect([error.kind, error.partial?.text]).toEqual(['overloaded', 'half'])
  })

  test.each([
    ['as the error alone', { error: { type: 'rate_limit_error', message: 'Slow down' } }, 'rate-limited'],
    ['as words', { error: 'internal problem' }, 'server-failed'],
    ['as a flat message', { message: 'internal problem' }, 'server-failed'],
  ])('%s', async (_name, frame, kind) => {
    expect((await errorOf(stream([frame]))).kind).toBe(kind)
    expect((await errorOf(whole(frame))).kind).toBe(kind)
  })

  test.each([
    ['an empty object', {}],
    ['a reply of another format', { object: 'chat.completion', choices: [] }],
  ])('%s is malformed', async (_name, reply) => {
    const error = await errorOf(whole(reply))
    expect(error.kind).toBe('reply-malformed')
    expect(error.message).toContain('no list of content')
  })
})

import { chatApiCall, LlmError, type CallOptions, type ChatResponse } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'
import { event } from './bedrock-converse-frames.ts'

interface Speech {
  readonly target: CallOptions
  /** Events of a stream with this text and stop reason; `undefined`: none. */
  readonly stream: (text: string, reason: string | undefined) => readonly unknown[]
  readonly whole: (text: string, reason: string | undefined) => unknown
  /** A stop reason that means an error, and one that means that all is well. */
  readonly reasons: { readonly bad?: string; readonly good: string }
  readonly nothing: unknown
}

const block = (text: string) => (text === '' ? [] : [{ type: 'text', text }])
const speeches: Readonly<Record<string, Speech>> = {
  'openai-chat': {
    target: { provider: 'openai-compatible', model: 'm', baseUrl: 'http://h.test/v1' },
    stream: (content, finish_reason = null as never) => [
      { id: 'c', choices: [{ index: 0, delta: { content }, finish_reason: null }] },
      { id: 'c', choices: [{ index: 0, delta: {}, finish_reason }] },
      '[DONE]',
    ],
    whole: (content, finish_reason) => ({ choices: [{ index: 0, message: { content }, finish_reason }] }),
    reasons: { bad: 'MALFORMED_FUNCTION_CALL', good: 'stop' },
    nothing: {
      id: 'c',
      object: 'chat.completion',
      choices: [],
      usage: { prompt_tokens: 1, completion_tokens: 0 },
    },
  },
  'openai-responses': {
    target: { provider: 'openai', api: 'responses', model: 'gpt-5' },
    stream: (delta, status) => [
      { type: 'response.created', response: { id: 'r' } },
      ...(delta === '' ? [] : [{ type: 'response.output_text.delta', output_index: 0, delta }]),
      { type: 'response.completed', response: { id: 'r', status, output: [] } },
    ],
    whole: (text, status) => ({
      id: 'r',
      status,
      output: [{ type: 'message', content: [{ type: 'output_text', text }] }],
    }),
    reasons: { good: 'completed' },
    nothing: { id: 'r', status: 'completed', output: [] },
  },
  'anthropic-messages': {
    target: { provider: 'anthropic', model: 'claude-haiku-4-5' },
    stream: (text, stop_reason) => [
      { type: 'message_start', message: { id: 'm', model: 'm', content: [] } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason } },
      { type: 'message_stop' },
    ],
    whole: (text, stop_reason) => ({ type: 'message', content: block(text), stop_reason }),
    reasons: { bad: 'malformed_tool_use', good: 'end_turn' },
    nothing: { type: 'message', content: [], stop_reason: null },
  },
  gemini: {
    target: { provider: 'google', model: 'gemini-3-flash' },
    stream: (text, finishReason) => [{ candidates: [{ content: { parts: [{ text }] }, finishReason }] }],
    whole: (text, finishReason) => ({ candidates: [{ content: { parts: [{ text }] }, finishReason }] }),
    reasons: { bad: 'UNEXPECTED_TOOL_CALL', good: 'STOP' },
    nothing: { candidates: [], usageMetadata: { promptTokenCount: 3 } },
  },
  'bedrock-converse': {
    target: { provider: 'bedrock', model: 'amazon.nova-lite-v1:0' },
    stream: (text, stopReason) => [
      { contentBlockDelta: { contentBlockIndex: 0, delta: { text } } },
      { messageStop: { stopReason } },
      { metadata: {} },
    ],
    whole: (text, stopReason) => ({ output: { message: { content: [{ text }] } }, stopReason }),
    reasons: { bad: 'malformed_model_output', good: 'end_turn' },
    nothing: { output: {} },
  },
  cohere: {
    target: { provider: 'cohere', model: 'command-a-03-2025' },
    stream: (text, finish_reason) => [
      { type: 'message-start', id: 'c' },
      { type: 'content-delta', index: 0, delta: { message: { content: { text } } } },
      { type: 'message-end', delta: { finish_reason } },
    ],
    whole: (text, finish_reason) => ({ id: 'c', message: { content: block(text) }, finish_reason }),
    reasons: { bad: 'ERROR', good: 'COMPLETE' },
    nothing: { id: 'c' },
  },
  ollama: {
    target: { provider: 'ollama', model: 'qwen3' },
    stream: (content, done_reason) => [
      { model: 'm', message: { content }, done: false },
      { model: 'm', message: { content: '' }, done: true, done_reason },
    ],
    whole: (content, done_reason) => ({ model: 'm', message: { content }, done: true, done_reason }),
    reasons: { bad: 'error', good: 'stop' },
    nothing: { model: 'm', done: true },
  },
  kobold: {
    target: { provider: 'koboldcpp', model: 'm' },
    stream: (token, finish_reason) => [
      { token, finish_reason: null },
      { token: '', finish_reason },
    ],
    whole: (text, finish_reason) => ({ results: [{ text, finish_reason }] }),
    reasons: { bad: 'error', good: 'stop' },
    nothing: { results: [] },
  },
}
const names = Object.keys(speeches)
const textual = names.filter((name) => name !== 'bedrock-converse')
const withEvents = textual.filter((name) => name !== 'ollama')

function speechOf(name: string): Speech {
  const speech = speeches[name]
  if (speech === undefined) throw new Error(`no speech for ${name}`)
  return speech
}

type Outcome = ChatResponse | LlmError

async function outcomeOf(name: string, response: () => Response, stream: boolean): Promise<Outcome> {
  const { target } = speechOf(name)
  const messages = [{ role: 'user' as const, content: 'hi' }]
  try {
    const reply = await chatApiCall({
      ...target,
      apiKey: 'k',
      messages,
      stream,
      fetch: async () => response(),
    })
    return 'response' in reply ? await reply.response : reply
  } catch (error) {
    if (LlmError.is(error)) return error
    throw error
  }
}

const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  () =>
    new Response(typeof body === 'string' ? body : JSON.stringify(body), {
      status,
      headers: { 'content-type': 'application/json', ...headers },
    })

const lineOf =
  (name: string) =>
  (frame: unknown): string => {
    const data = typeof frame === 'string' ? frame : JSON.stringify(frame)
    return name === 'ollama' ? `${data}\n` : `data: ${data}\n\n`
  }

function streamed(name: string, frames: readonly unknown[]): () => Response {
  if (name === 'bedrock-converse') {
    const body = Buffer.concat(frames.map((frame) => event(JSON.stringify(frame))))
    return () => new Response(body, { headers: { 'content-type': 'application/vnd.amazon.eventstream' } })
  }
  return bodyOf(name, frames.map(lineOf(name)).join(''))
}

function bodyOf(name: string, body: string): () => Response {
  const type = name === 'ollama' ? 'application/x-ndjson' : 'text/event-stream'
  return () => new Response(body, { headers: { 'content-type': type } })
}

// A failed response of the other format is a fault, whatever it holds.
describe.each(names.filter((name) => speeches[name]?.reasons.bad !== undefined))(
  'an answer of nothing in an error word, %s',
  (name) => {
    const { stream, whole, reasons } = speechOf(name)
    const fault = { kind: expect.stringMatching(/^(reply-malformed|server-failed)$/) }

    test.each([true, false])('is a fault before content only, streamed: %s', async (live) => {
      const reply = live ? streamed(name, stream('', reasons.bad)) : json(whole('', reasons.bad))
      expect(await outcomeOf(name, reply, live)).toMatchObject(fault)
      const said = live ? streamed(name, stream('ok', reasons.bad)) : json(whole('ok', reasons.bad))
      expect(await outcomeOf(name, said, live)).toMatchObject({ text: 'ok', finishReason: 'error' })
    })
  },
)

describe.each(names)('an answer of nothing, %s', (name) => {
  const { whole, reasons, nothing } = speechOf(name)
  const fault = { kind: expect.stringMatching(/^(reply-malformed|server-failed)$/) }

  test('that ended well is an answer', async () => {
    expect(await outcomeOf(name, json(whole('', reasons.good)), false)).toMatchObject({
      text: '',
      finishReason: 'stop',
    })
  })

  test('without any choice', async () => {
    expect(await outcomeOf(name, json(nothing), false)).toMatchObject(fault)
    expect(await outcomeOf(name, json(nothing), true)).toMatchObject(fault)
  })
})

const ZERO_WIDTH = '\u200b'
const noises: Readonly<Record<string, (lines: readonly string[]) => string>> = {
  'a wrapped comment': (lines) => lines.join('data: : keepalive\n\n'),
  'a word': (lines) => lines.join('data: ping\n\n'),
  'a word in brackets': (lines) => lines.join('data: [HEARTBEAT]\n\n'),
  nothing: (lines) => lines.join('data: \n\ndata:\n\n'),
  'characters without width before a field': (lines) => lines.map((line) => ZERO_WIDTH + line).join(''),
  'characters without width before JSON': (lines) =>
    lines.map((line) => line.replace('data: ', `data: ${ZERO_WIDTH}`)).join(''),
  'an event inside an event': (lines) => lines.map((line) => line.replace('data: ', 'data: data: ')).join(''),
}

describe.each(textual)('noise in a stream, %s', (name) => {
  const { stream, reasons } = speechOf(name)
  const lines = stream('hello', reasons.good).map(lineOf(name))

  test.each(Object.keys(noises))('%s', async (noise) => {
    const body = noises[noise]?.(['\n', ...lines]) ?? ''
    const sent = name === 'ollama' ? body.replaceAll('data: ', '') : body
    expect(await outcomeOf(name, bodyOf(name, sent), true)).toMatchObject({ text: 'hello' })
    // In pieces of one byte.
    const bytes = [...new TextEncoder().encode(sent)].map((byte) => Uint8Array.of(byte))
    const pieces = () => new Response(ReadableStream.from(bytes), { headers: bodyOf(name, '')().headers })
    expect(await outcomeOf(name, pieces, true)).toMatchObject({ text: 'hello' })
  })

  test('other text is no JSON', async () => {
    const body = `${lineOf(name)('so it goes')}${lines.join('')}`
    expect(await outcomeOf(name, bodyOf(name, body), true)).toMatchObject({ kind: 'reply-malformed' })
  })
})

describe.each(withEvents)('an error of the stream, %s', (name) => {
  const { stream } = speechOf(name)
  const [first = ''] = stream('Hi', undefined).map(lineOf(name))

  test.each([
    ['a field named error', 'error: {"error":{"message":"no luck, try again"}}\n\n'],
    [
      'an event with flat fields',
      'event: error\ndata: {"code":"unlucky","message":"no luck, try again"}\n\n',
    ],
    ['an event with plain words', 'event: error\ndata: no luck, try again\n\n'],
  ])('%s', async (_name, frame) => {
    const error = { message: expect.stringContaining('no luck, try again') }
    expect(await outcomeOf(name, bodyOf(name, first + frame), true)).toMatchObject(error)
  })
})

const google = {
  code: 429,
  message: 'You exceeded your current quota, please check your plan and billing details.',
  status: 'RESOURCE_EXHAUSTED',
  details: [
    { violations: [{ quotaId: 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier' }] },
    { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '26s' },
  ],
}
const daily = {
  ...google,
  details: [{ violations: [{ quotaId: 'RequestsPerDay-FreeTier' }] }, google.details[1]],
}
const wrapped = (error: object) => `litellm.RateLimitError: VertexAIException - ${JSON.stringify({ error })}`
const tooLong = {
  error: { message: "The input (12345 tokens) is longer than the model's context length (8192 tokens)." },
}
const failedCall = {
  error: { message: 'Failed to call a function.', code: 'tool_use_failed', failed_generation: 'x' },
}
const spent = {
  type: 'error',
  request_id: 'req_1',
  error: {
    type: 'rate_limit_error',
    message: 'No.',
    details: { error_code: 'enforced_spend_limit_reached' },
  },
}
const ramp = { ...spent, error: { ...spent.error, details: { error_code: 'ramp_limit_exceeded' } } }

describe.each(names)('an error reply, %s', (name) => {
  test.each<[string, number, unknown, object]>([
    ['limit per minute', 429, { error: google }, { kind: 'rate-limited', retryAfterMs: 26_000 }],
    ['the same in a list', 429, [{ error: google }], { kind: 'rate-limited', retryAfterMs: 26_000 }],
    [
      'the same inside words',
      429,
      { error: { message: wrapped(google) } },
      { kind: 'rate-limited', retryAfterMs: 26_000 },
    ],
    [
      'the same as raw text of a gateway',
      429,
      {
        error: {
          message: 'Provider returned error',
          code: 429,
          metadata: { raw: JSON.stringify({ error: google }) },
        },
      },
      { kind: 'rate-limited', retryAfterMs: 26_000 },
    ],
    ['limit per day', 429, { error: daily }, { kind: 'quota-exhausted' }],
    ['limit per day inside words', 429, { error: { message: wrapped(daily) } }, { kind: 'quota-exhausted' }],
    [
      'a wait in words',
      429,
      { message: 'Please retry in 26.66s.' },
      { kind: 'rate-limited', retryAfterMs: 26_660 },
    ],
    ['a prompt that is too long', 400, tooLong, { kind: 'context-too-long' }],
    [
      'refused content',
      403,
      { error: 'Content violates usage guidelines. SAFETY_CHECK_TYPE_BIO' },
      { kind: 'content-blocked' },
    ],
    ["the model's own mistake", 400, failedCall, { kind: 'reply-malformed' }],
    ['a spend limit', 429, spent, { kind: 'quota-exhausted', providerRequestId: 'req_1' }],
    ['a ramp limit', 429, ramp, { kind: 'rate-limited' }],
    [
      'a proxy that wants a login',
      407,
      '<html>no</html>',
      { kind: 'network', message: expect.stringContaining('proxy') },
    ],
  ])('%s', async (_name, status, body, expected) => {
    for (const live of [false, true])
      expect(await outcomeOf(name, json(body, status), live)).toMatchObject(expected)
  })

  test('joined headers ask for the longest wait', async () => {
    const reply = json({ error: { message: 'Slow.' } }, 429, { 'retry-after': '5, 10' })
    expect(await outcomeOf(name, reply, false)).toMatchObject({ retryAfterMs: 10_000 })
  })
})

test('a streamed event may be as large as a whole reply', async () => {
  const data = 'A'.repeat(8 * 1024 * 1024)
  const reply = {
    candidates: [
      { content: { parts: [{ inlineData: { mimeType: 'image/png', data } }] }, finishReason: 'STOP' },
    ],
  }
  for (const live of [false, true]) {
    const outcome = await outcomeOf('gemini', live ? streamed('gemini', [reply]) : json(reply), live)
    expect((outcome as ChatResponse).files?.[0]?.data?.length).toBe(data.length)
  }
})

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chatApiCall, type ChatResponse, LlmError, type StreamEvent } from 'llm-switchyard'
import { byteByByte, crlf, seeded, whole, type Cut } from '../conformance/replay.ts'

const folder = join(import.meta.dirname, '../fixtures/gemini')
// A call that cannot be parsed is no answer: a test of its own.
const cases = readdirSync(folder).filter((name) => name !== 'malformed-call')
const cuts: readonly (readonly [string, Cut])[] = [
  ['whole', whole],
  ['byte by byte', byteByByte],
  ['crlf', crlf],
  ['seeded', seeded(7)],
]

interface Expected {
  readonly events: readonly StreamEvent[]
  readonly response: Partial<ChatResponse>
}

function read(name: string, file: string): Uint8Array {
  return readFileSync(join(folder, name, file))
}

/** A `fetch` that answers with these pieces. */
function answering(pieces: readonly Uint8Array[], type: string, status = 200): typeof fetch {
  return async () =>
    new Response(
      new ReadableStream({
        start: (controller) => {
          for (const piece of pieces) controller.enqueue(piece)
          controller.close()
        },
      }),
      { status, headers: { 'content-type': type } },
    )
}

function request(fetch: typeof globalThis.fetch) {
  const messages = [{ role: 'user' as const, content: 'Hi' }]
  return { provider: 'google', model: 'gemini-test', apiKey: 'key', messages, fetch }
}

// Calls that came without an id get one of their own; how long a try took is not the dialect's.
function stable<T>(value: T): T {
  const text = JSON.stringify(value, (key, inner: unknown) =>
    key === 'attempts' || key === 'requestId' ? undefined : inner,
  )
  return JSON.parse(text.replaceAll(/call_[0-9a-f]{32}/g, 'made-id')) as T
}

async function collect(body: Uint8Array, cut: Cut) {
  const stream = await chatApiCall({ ...request(answering(cut(body), 'text/event-stream')), stream: true })
  const events: StreamEvent[] = []
  for await (const event of stream) events.push(event)
  return { events: stable(events), response: stable(await stream.response) }
}

describe.each(cases)('%s', (name) => {
  const expected = JSON.parse(read(name, 'expected.json').toString()) as Expected

  test.each(cuts)('streamed, cut %s', async (_cut, cut) => {
    const { events, response } = await collect(read(name, 'stream.sse'), cut)
    expect(events).toEqual(expected.events)
    expect(response).toMatchObject(expected.response)
  })

  test('whole, and equal to the streamed answer', async () => {
    const body = read(name, 'reply.json')
    const response = stable(await chatApiCall(request(answering([body], 'application/json'))))
    expect(response).toMatchObject(expected.response)
    expect(response).toEqual((await collect(read(name, 'stream.sse'), whole)).response)
  })
})

const encoder = new TextEncoder()
const sse = (...frames: readonly unknown[]): Uint8Array =>
  encoder.encode(frames.map((frame) => `data: ${JSON.stringify(frame)}\n\n`).join(''))
const said = (text: string, more: object = {}) => ({
  candidates: [{ content: { parts: [{ text }] }, ...more }],
})

async function failureOf(body: Uint8Array, stream: boolean, type?: string): Promise<LlmError> {
  const kind = type ?? (stream ? 'text/event-stream' : 'application/json')
  try {
    const reply = await chatApiCall({ ...request(answering([body], kind)), stream })
    if ('response' in reply) await reply.response
  } catch (error) {
    if (LlmError.is(error)) return error
    throw error
  }
  throw new Error('the call did not fail')
}

describe('ends', () => {
  test('a malformed call in place of an answer is a fault, streamed and whole', async () => {
    const fault = {
      kind: 'reply-malformed',
      code: 'MALFORMED_FUNCTION_CALL',
      message: expect.stringContaining('print(weather('),
      partial: { usage: { inputTokens: 40, outputTokens: 12, reasoningTokens: 12 } },
    }
    expect(await failureOf(read('malformed-call', 'stream.sse'), true)).toMatchObject(fault)
    expect(await failureOf(read('malformed-call', 'reply.json'), false)).toMatchObject(fault)
  })

  test('a stream without a finish reason is cut, and says how far it came', async () => {
    const error = await failureOf(sse(said('Half of')), true)
    expect(error).toMatchObject({ kind: 'stream-broken', partial: { text: 'Half of' } })
  })

  test('a finish reason with nothing after it is an end; text after it still counts', async () => {
    const { response } = await collect(
      sse(said('One', { finishReason: 'STOP' }), said(' two', { finishReason: 'STOP' })),
      whole,
    )
    expect(response).toMatchObject({ text: 'One two', finishReason: 'stop', rawFinishReason: 'STOP' })
  })

  test('an answer in the ratings of the first generation ends without a finish reason', async () => {
    const rated = { safetyRatings: [{ category: 'HARM_CATEGORY_TOXICITY', probability: 'NEGLIGIBLE' }] }
    const { response } = await collect(sse(said('Old', rated), said(' words', rated)), whole)
    expect(response).toMatchObject({ text: 'Old words', finishReason: 'other' })
    const today = { safetyRatings: [{ category: 'HARM_CATEGORY_HARASSMENT', probability: 'NEGLIGIBLE' }] }
    expect(await failureOf(sse(said('New', today)), true)).toMatchObject({ kind: 'stream-broken' })
  })

  test('an error inside a good stream keeps its kind, before and after content', async () => {
    const fault = { error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } }
    expect(await failureOf(sse(fault), true)).toMatchObject({ kind: 'overloaded', status: 503 })
    const late = await failureOf(sse(said('Half'), [fault]), true)
    expect(late).toMatchObject({ kind: 'overloaded', partial: { text: 'Half' } })
  })

  test('a call whose arguments were cut off is closed at the finish reason', async () => {
    const part = (functionCall: object) => ({ candidates: [{ content: { parts: [{ functionCall }] } }] })
    const { response } = await collect(
      sse(
        part({ name: 'note', willContinue: true }),
        part({
          partialArgs: [{ jsonPath: '$.items[0]', stringValue: 'a', willContinue: true }],
          willContinue: true,
        }),
        { candidates: [{ finishReason: 'STOP' }] },
      ),
      whole,
    )
    expect(response.toolCalls).toMatchObject([{ name: 'note', arguments: { items: ['a'] } }])
    expect(response.finishReason).toBe('tool-calls')
  })

  test.each([
    ['STOP', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['CONTINUATION', 'length'],
    ['SAFETY', 'content-filter'],
    ['RECITATION', 'content-filter'],
    ['BLOCKLIST', 'content-filter'],
    ['PROHIBITED_CONTENT', 'content-filter'],
    ['SPII', 'content-filter'],
    ['IMAGE_SAFETY', 'content-filter'],
    ['IMAGE_PROHIBITED_CONTENT', 'content-filter'],
    ['IMAGE_RECITATION', 'content-filter'],
    ['MALFORMED_FUNCTION_CALL', 'error'],
    ['UNEXPECTED_TOOL_CALL', 'error'],
    ['TOO_MANY_TOOL_CALLS', 'error'],
    ['MISSING_THOUGHT_SIGNATURE', 'error'],
    ['MALFORMED_RESPONSE', 'error'],
    ['OTHER', 'other'],
    ['LANGUAGE', 'other'],
    ['NO_IMAGE', 'other'],
    ['A_WORD_OF_TOMORROW', 'other'],
  ])('%s is %s', async (reason, finishReason) => {
    const { response } = await collect(sse(said('x', { finishReason: reason })), whole)
    expect(response).toMatchObject({ finishReason, rawFinishReason: reason })
  })
})

describe('replies that are none', () => {
  test.each([
    ['an empty object', {}],
    ['no candidates', { candidates: [], usageMetadata: { promptTokenCount: 3 } }],
    ['something else', { hello: 'world' }],
  ])('%s is malformed', async (_name, reply) => {
    const error = await failureOf(encoder.encode(JSON.stringify(reply)), false)
    expect(error).toMatchObject({ kind: 'reply-malformed' })
    expect(error.message).toContain('candidates')
  })

  test('an error with status 200 is that error', async () => {
    const reply = { error: { code: 400, message: 'No such voice.', status: 'INVALID_ARGUMENT' } }
    expect(await failureOf(encoder.encode(JSON.stringify(reply)), false)).toMatchObject({
      kind: 'invalid-request',
      status: 400,
    })
  })

  test('an HTML page with status 200 is malformed', async () => {
    const page = encoder.encode('<!doctype html><title>Sign in</title>')
    expect(await failureOf(page, true, 'text/html')).toMatchObject({ kind: 'reply-malformed' })
  })

  test('a stream request that is answered with a JSON list is read', async () => {
    const body = encoder.encode(JSON.stringify([said('One'), said(' two', { finishReason: 'STOP' })]))
    const stream = await chatApiCall({ ...request(answering([body], 'application/json')), stream: true })
    expect(await stream.response).toMatchObject({ text: 'One two', finishReason: 'stop' })
  })
})

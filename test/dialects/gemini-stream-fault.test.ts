import { chatApiCall, LlmError } from 'llm-switchyard'
import { expect, test } from 'vitest'
import { byteByByte, crlf, seeded, whole } from '../conformance/replay.ts'
import { callTo } from './shapes.ts'

const target = { provider: 'google', model: 'gemini-2.5-flash' } as const
const oops = { error: { code: 503, message: 'Too many of you, come back later.', status: 'UNAVAILABLE' } }
const piece = { candidates: [{ content: { parts: [{ text: 'Well' }], role: 'model' }, index: 0 }] }

async function failureOf(call: Promise<AsyncIterable<unknown>>): Promise<unknown> {
  try {
    for await (const event of await call) void event
  } catch (error) {
    return LlmError.is(error) ? error : String(error)
  }
  return 'no error'
}

// The service tells an error that comes late as bare JSON behind the events, though the answer had an end by then.
test.each([
  ['whole', whole],
  ['byte by byte', byteByByte],
  ['crlf', crlf],
  ['seeded', seeded(3)],
])('an error behind the events, %s', async (_name, cut) => {
  const ended = { candidates: [{ ...piece.candidates[0], finishReason: 'STOP' }] }
  for (const last of [piece, ended]) {
    const body = `data: ${JSON.stringify(last)}\n\n${JSON.stringify(oops, null, 2)}\n`
    const request = { ...callTo(target, body, 'text/event-stream', cut), stream: true as const }
    expect(await failureOf(chatApiCall(request))).toMatchObject({
      kind: 'overloaded',
      message: expect.stringContaining('come back later'),
      partial: { text: 'Well' },
    })
  }
})

test('an error in place of the events', async () => {
  const request = callTo(target, JSON.stringify(oops), 'text/event-stream')
  expect(await failureOf(chatApiCall({ ...request, stream: true }))).toMatchObject({ kind: 'overloaded' })
})

test('a refusal that is framed as an event keeps its words', async () => {
  const refused = { error: { code: 400, message: 'No such colour.', status: 'INVALID_ARGUMENT' } }
  const body = `id: 1\r\nevent: error\r\ndata: ${JSON.stringify(refused)}\r\n\r\n`
  const request = {
    ...callTo(target, '', 'text/event-stream'),
    fetch: async () => new Response(body, { status: 400 }),
  }
  expect(await failureOf(chatApiCall({ ...request, stream: true }))).toMatchObject({
    kind: 'invalid-request',
    message: expect.stringMatching(/: No such colour\.$/),
    code: 'INVALID_ARGUMENT',
  })
})

test('a call at the end of a cut stream is told all the same', async () => {
  const call = { functionCall: { name: 'ring_bell', args: { times: 2 } } }
  const frame = { candidates: [{ content: { parts: [call], role: 'model' } }] }
  const request = callTo(target, `data: ${JSON.stringify(frame)}\n\n`, 'text/event-stream')
  expect(await failureOf(chatApiCall({ ...request, stream: true }))).toMatchObject({
    kind: 'stream-broken',
    partial: { toolCalls: [{ name: 'ring_bell', arguments: { times: 2 } }] },
  })
})

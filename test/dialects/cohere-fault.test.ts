import { chatApiCall, LlmError, type ErrorKind } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'
import { cohereChat } from '../../src/dialects/cohere/index.ts'
import { callTo } from './shapes.ts'

const target = { provider: 'cohere', model: 'command-r-08-2024' }
const frame = (json: unknown): string => `data: ${JSON.stringify(json)}\n\n`
const start = { type: 'message-start', id: 'a', delta: { message: { role: 'assistant' } } }
const delta = { type: 'content-delta', index: 0, delta: { message: { content: { text: 'Well' } } } }

async function outcomeOf(frames: readonly unknown[]): Promise<LlmError> {
  const request = callTo(target, frames.map(frame).join(''), 'text/event-stream')
  try {
    for await (const _event of await chatApiCall({ ...request, stream: true })) continue
  } catch (error) {
    if (LlmError.is(error)) return error
    throw error
  }
  throw new Error('the call did not fail')
}

describe('an HTTP error: a flat message', () => {
  test.each<readonly [number, string, ErrorKind]>([
    [400, 'invalid request: temperature must be between 0 and 1.0 inclusive.', 'invalid-request'],
    [400, 'too many tokens: total number of tokens in the prompt cannot exceed 4081.', 'context-too-long'],
    [401, 'invalid api token', 'unauthorized'],
    [402, 'Please add a payment method to continue', 'quota-exhausted'],
    [404, "model 'x' not found", 'not-found'],
    [429, 'trial token rate limit exceeded, limit is 100000 tokens per minute', 'rate-limited'],
    [500, 'internal server error', 'server-failed'],
    [503, 'service unavailable', 'overloaded'],
    [504, 'timed out', 'timeout'],
  ])('%d %s', async (status, message, kind) => {
    expect(await cohereChat.fault(status, { id: 'x', message })).toMatchObject({ kind, message, status })
  })
})

describe('an error inside a 200', () => {
  const ended = { type: 'message-end', delta: { finish_reason: 'ERROR', error: 'Oh dear.' } }

  test.each([[ended], [{ message: 'Oh dear.' }], [{ type: 'error', message: 'Oh dear.' }]])(
    'before and after content: %j',
    async (error) => {
      const failed = { kind: 'server-failed', message: expect.stringContaining('Oh dear.') }
      expect(await outcomeOf([start, error])).toMatchObject(failed)
      expect(await outcomeOf([start, delta, error])).toMatchObject({ ...failed, partial: { text: 'Well' } })
    },
  )

  test.each<readonly [string, ErrorKind]>([
    ['the service is overloaded', 'overloaded'],
    ['trial token rate limit exceeded', 'rate-limited'],
    ['too many tokens: size limit exceeded by 11326 tokens.', 'context-too-long'],
    ['invalid request: message must not be empty in a turn', 'invalid-request'],
    ['generation timeout', 'timeout'],
    ['the tools led to an invalid tool generation, try other words', 'reply-malformed'],
  ])('"%s" tells its kind where no status does', async (error, kind) => {
    const end = { type: 'message-end', delta: { finish_reason: 'ERROR', error } }
    expect(await outcomeOf([start, end])).toMatchObject({ kind, code: undefined })
  })

  test('in place of a whole reply', async () => {
    const request = callTo(target, JSON.stringify({ message: 'Oh dear.' }), 'application/json')
    await expect(chatApiCall({ ...request, stream: false })).rejects.toMatchObject({ kind: 'server-failed' })
  })

  test('a reason without words is the finish reason', async () => {
    const end = { type: 'message-end', delta: { finish_reason: 'ERROR' } }
    const body = [start, delta, end].map(frame).join('')
    const stream = await chatApiCall({ ...callTo(target, body, 'text/event-stream'), stream: true })
    expect(await stream.response).toMatchObject({ finishReason: 'error', rawFinishReason: 'ERROR' })
  })
})

test('a stream without its last event is broken', async () => {
  expect(await outcomeOf([start, delta])).toMatchObject({ kind: 'stream-broken', partial: { text: 'Well' } })
})

test('odd frames are passed over', async () => {
  const odd = [
    [1],
    null,
    { type: 'debug', prompt: 'x' },
    { type: 'content-delta' },
    { type: 'content-delta', delta: { message: { content: null } } },
  ]
  const end = { type: 'message-end', delta: { finish_reason: 'COMPLETE', usage: null } }
  const body = [start, ...odd, delta, end].map(frame).join('')
  const stream = await chatApiCall({ ...callTo(target, body, 'text/event-stream'), stream: true })
  expect(await stream.response).toMatchObject({
    text: 'Well',
    finishReason: 'stop',
    usage: { estimated: true },
  })
})

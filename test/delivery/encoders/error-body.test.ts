import { describe, expect, test } from 'vitest'
import { errorTable, LlmError, type ErrorKind } from '../../../src/core/error.ts'
import { objectOf } from '../../../src/core/json.ts'
import {
  anthropicErrorBody,
  anthropicMessagesEncoder,
} from '../../../src/protocols/anthropic-messages/index.ts'
import { openaiChatEncoder, openaiErrorBody } from '../../../src/protocols/openai-chat/index.ts'
import { openaiResponsesEncoder } from '../../../src/protocols/openai-responses/index.ts'
import {
  ndjsonEncoder,
  plainErrorBody,
  plainSseEncoder,
  uiMessageEncoder,
} from '../../../src/delivery/encoders/index.ts'
import type { ErrorAnswer } from '../../../src/protocols/index.ts'
import { chatApiCall } from '../../../src/index.ts'

const kinds = Object.keys(errorTable) as ErrorKind[]
const surfaces: Readonly<Record<string, (error: LlmError) => ErrorAnswer>> = {
  openai: openaiErrorBody,
  anthropic: anthropicErrorBody,
  plain: plainErrorBody,
}

describe.each(Object.entries(surfaces))('%s', (_surface, body) => {
  test.each(kinds)('%s: its status, and its details only where the caller can mend it', (kind) => {
    const secret = 'ECONNREFUSED 10.0.0.1 for tenant-7'
    const answer = body(new LlmError(kind, secret, { provider: 'p', model: 'm', cause: new Error('deep') }))
    expect(answer.status).toBe(errorTable[kind].httpStatus)
    const text = JSON.stringify(answer.body)
    expect(text.includes(secret)).toBe(answer.status < 500)
    expect(text).not.toContain('deep')
    expect(String(objectOf(answer.body['error'])['message'])).not.toBe('')
  })
})

test('the words of each surface', () => {
  const issues = [{ path: 'messages.0.content', message: 'is needed' }]
  const error = new LlmError('invalid-request', 'messages.0.content is needed', { issues })
  const message = 'messages.0.content is needed'
  expect(openaiErrorBody(error)).toEqual({
    status: 400,
    body: { error: { message, type: 'invalid_request_error', param: 'messages.0.content', code: null } },
  })
  expect(anthropicErrorBody(error)).toEqual({
    status: 400,
    body: { type: 'error', error: { type: 'invalid_request_error', message } },
  })
  expect(plainErrorBody(error)).toEqual({
    status: 400,
    body: { error: { code: 'invalid-request', message, issues } },
  })
  const limited = new LlmError('limit-exceeded', 'slow down', { retryAfterMs: 1500, scope: 'user' })
  expect(plainErrorBody(limited).body).toEqual({
    error: { code: 'limit-exceeded', message: 'slow down', retryAfterMs: 1500, scope: 'user' },
  })
  const unknown = new LlmError('not-found', 'no such model', { model: 'x' })
  expect(openaiErrorBody(unknown).body).toMatchObject({ error: { code: 'model_not_found' } })
})

test('a service that goes down says so with 503', () => {
  const closed = new LlmError('aborted', 'closed', { code: 'shutdown' })
  for (const body of Object.values(surfaces)) expect(body(closed).status).toBe(503)
  expect(openaiErrorBody(new LlmError('aborted', 'left')).status).toBe(499)
})

describe.each([
  ['run-lost', 'stream-broken', 'The rest of the answer is lost'],
  ['stream-log-down', 'overloaded', 'The service cannot store or read answers'],
] as const)('%s is told as such, not as a failing model', (code, kind, words) => {
  const error = new LlmError(kind, 'run "r" at 10.0.0.1', { code, retryAfterMs: 900 })
  const ending = { type: 'error', error } as const

  test.each(Object.entries(surfaces))('in a body: %s', (_surface, body) => {
    const { message } = objectOf(body(error).body['error'])
    expect(message).toContain(words)
  })

  test('with its name, where a protocol has a place for it', () => {
    expect(plainErrorBody(error).body).toMatchObject({
      error: { code: kind, reason: code, retryAfterMs: 900 },
    })
    expect(openaiErrorBody(error).body).toMatchObject({ error: { code: code.replaceAll('-', '_') } })
  })

  test.each([
    ['sse', plainSseEncoder({ createdMs: 0 })],
    ['ndjson', ndjsonEncoder()],
    ['ui-message', uiMessageEncoder({ createdMs: 0 })],
    ['openai chat', openaiChatEncoder({ createdMs: 0 })],
    ['openai responses', openaiResponsesEncoder({ createdMs: 0 })],
    ['anthropic messages', anthropicMessagesEncoder({ createdMs: 0 })],
  ])('in a stream: %s', (_protocol, encoder) => {
    const frames = encoder.open() + encoder.close(ending)
    expect(frames).toContain(words)
    expect(frames).not.toContain('10.0.0.1')
  })
})

describe('read again by a caller of the gateway', () => {
  // Kinds for which a status and a word say less than the kind did.
  const lossy: Partial<Record<ErrorKind, readonly ErrorKind[]>> = {
    network: ['server-failed'],
    'stream-broken': ['server-failed'],
    'reply-malformed': ['server-failed'],
    'tool-failed': ['server-failed'],
    'breaker-open': ['overloaded'],
    misconfigured: ['overloaded'],
    'queue-full': ['rate-limited'],
    'limit-exceeded': ['rate-limited'],
    aborted: ['invalid-request'],
    unsupported: ['invalid-request'],
    'template-failed': ['invalid-request'],
    'content-blocked': ['content-blocked', 'invalid-request'],
  }
  const routes = [
    ['openai', openaiErrorBody],
    ['anthropic', anthropicErrorBody],
  ] as const
  const all = routes.flatMap(([provider, body]) => kinds.map((kind) => [provider, kind, body] as const))
  test.each(all)('%s: %s', async (provider, kind, body) => {
    const { status, body: json } = body(new LlmError(kind, 'sorry'))
    const fetch = async (): Promise<Response> => Response.json(json, { status })
    const messages = [{ role: 'user', content: 'Hi' }] as const
    const call = chatApiCall({ provider, model: 'any', apiKey: 'none', messages, fetch })
    const error = await call.catch((thrown: unknown) => thrown)
    expect(lossy[kind] ?? [kind]).toContain(objectOf(error)['kind'])
  })
})

import { describe, expect, test } from 'vitest'
import type { ErrorKind } from '../../src/core/error.ts'
import { anthropicMessages } from '../../src/dialects/anthropic-messages/index.ts'

const error = (type: string, message: string): object => ({ type: 'error', error: { type, message } })
const plain = 'Something went wrong.'

describe('kinds of errors', () => {
  test.each<readonly [string, number, string, ErrorKind]>([
    ['invalid_request_error', 400, plain, 'invalid-request'],
    ['invalid_request_error', 400, 'prompt is too long: 212345 tokens > 200000 maximum', 'context-too-long'],
    [
      'invalid_request_error',
      400,
      'input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000',
      'context-too-long',
    ],
    [
      'invalid_request_error',
      400,
      'max_tokens: 99999 > 64000, which is the maximum allowed number of output tokens for the model',
      'invalid-request',
    ],
    [
      'invalid_request_error',
      400,
      'Your credit balance is too low to access the API. Please go to Plans & Billing.',
      'quota-exhausted',
    ],
    ['invalid_request_error', 400, 'You have reached your specified API usage limits.', 'quota-exhausted'],
    ['invalid_request_error', 400, 'Output blocked by content filtering policy', 'content-blocked'],
    ['invalid_request_error', 405, plain, 'not-found'],
    ['authentication_error', 401, 'invalid x-api-key', 'unauthorized'],
    ['billing_error', 402, plain, 'quota-exhausted'],
    ['billing_error', 400, plain, 'quota-exhausted'],
    ['permission_error', 403, plain, 'unauthorized'],
    ['not_found_error', 404, 'model: claude-none', 'not-found'],
    ['conflict_error', 409, plain, 'conflict'],
    ['request_too_large', 413, 'Request exceeds the maximum size', 'invalid-request'],
    ['request_too_large', 413, 'prompt is too long', 'context-too-long'],
    [
      'rate_limit_error',
      429,
      'Number of request tokens has exceeded your per-minute rate limit',
      'rate-limited',
    ],
    ['api_error', 500, 'Internal server error', 'server-failed'],
    ['api_error', 500, 'Overloaded', 'overloaded'],
    ['timeout_error', 504, plain, 'timeout'],
    ['overloaded_error', 529, 'Overloaded', 'overloaded'],
  ])('%s with status %i: %s', async (type, status, message, kind) => {
    expect(await anthropicMessages.fault(status, error(type, message))).toMatchObject({
      kind,
      message,
      status,
      code: type,
    })
  })

  test.each<readonly [string, string, ErrorKind]>([
    ['invalid_request_error', plain, 'invalid-request'],
    ['invalid_request_error', 'prompt is too long: 2 tokens > 1 maximum', 'context-too-long'],
    ['invalid_request_error', 'Your credit balance is too low', 'quota-exhausted'],
    ['authentication_error', plain, 'unauthorized'],
    ['billing_error', plain, 'quota-exhausted'],
    ['permission_error', plain, 'unauthorized'],
    ['not_found_error', plain, 'not-found'],
    ['conflict_error', plain, 'conflict'],
    ['request_too_large', plain, 'invalid-request'],
    ['rate_limit_error', plain, 'rate-limited'],
    ['api_error', plain, 'server-failed'],
    ['timeout_error', plain, 'timeout'],
    ['overloaded_error', plain, 'overloaded'],
    ['brand_new_error', plain, 'server-failed'],
  ])('%s inside a stream: %s', async (type, message, kind) => {
    expect(await anthropicMessages.fault(undefined, error(type, message))).toMatchObject({ kind, message })
  })
})

describe('errors of gateways', () => {
  test('one that wraps the whole error behind it as text', async () => {
    const inner = JSON.stringify(error('overloaded_error', 'Overloaded'))
    const body = { type: 'error', error: { type: '<nil>', message: inner } }
    expect(await anthropicMessages.fault(500, body)).toMatchObject({
      kind: 'overloaded',
      message: 'Overloaded',
    })
  })

  test.each<readonly [string, number, unknown, ErrorKind]>([
    [
      'a status with code and words',
      429,
      { error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'x' } },
      'rate-limited',
    ],
    ['a flat message', 403, { message: 'no' }, 'unauthorized'],
    ['plain text', 502, 'bad gateway', 'server-failed'],
    ['nothing', 529, '', 'overloaded'],
  ])('%s', async (_name, status, body, kind) => {
    expect(await anthropicMessages.fault(status, body)).toMatchObject({ kind, status })
  })
})

import { describe, expect, test } from 'vitest'
import { type ErrorKind, type LlmError } from 'llm-switchyard'
import { gemini } from 'llm-switchyard/adapter'

const type = (name: string): string => `type.googleapis.com/google.rpc.${name}`
const error = (code: number, status: string, message: string, ...details: object[]) => ({
  error: { code, message, status, ...(details.length > 0 ? { details } : undefined) },
})
const retry = (retryDelay: unknown) => ({ '@type': type('RetryInfo'), retryDelay })
const quota = (quotaId: string, quotaValue = '100') => ({
  '@type': type('QuotaFailure'),
  violations: [{ quotaId, quotaValue }],
})
const info = (reason: string) => ({ '@type': type('ErrorInfo'), reason })

describe('the kind of an error', () => {
  test.each<[number, ErrorKind, object]>([
    [400, 'invalid-request', error(400, 'INVALID_ARGUMENT', 'Unknown name "foo".')],
    [400, 'unauthorized', error(400, 'INVALID_ARGUMENT', 'API key not valid.', info('API_KEY_INVALID'))],
    [400, 'unauthorized', error(400, 'INVALID_ARGUMENT', 'API key expired. Please renew the API key.')],
    [
      400,
      'context-too-long',
      error(
        400,
        'INVALID_ARGUMENT',
        'The input token count (1250074) exceeds the maximum number of tokens allowed (1048576).',
      ),
    ],
    [
      400,
      'context-too-long',
      error(
        400,
        'INVALID_ARGUMENT',
        'the input token count is 1048577 but model only supports up to 1048576',
      ),
    ],
    [
      400,
      'unauthorized',
      error(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.'),
    ],
    [
      400,
      'quota-exhausted',
      error(
        400,
        'FAILED_PRECONDITION',
        'The free tier is not available in your country. Please enable billing.',
      ),
    ],
    [400, 'invalid-request', error(400, 'FAILED_PRECONDITION', 'The file is not active yet.')],
    [401, 'unauthorized', error(401, 'UNAUTHENTICATED', 'Request had invalid credentials.')],
    [
      403,
      'unauthorized',
      error(403, 'PERMISSION_DENIED', 'The API is not enabled.', info('SERVICE_DISABLED')),
    ],
    [403, 'quota-exhausted', error(403, 'PERMISSION_DENIED', 'Enable billing.', info('BILLING_DISABLED'))],
    [
      400,
      'content-blocked',
      error(400, 'INVALID_ARGUMENT', 'The prompt was blocked.', info('BLOCKED_BY_SAFETY')),
    ],
    [404, 'not-found', error(404, 'NOT_FOUND', 'models/x is not found for API version v1beta')],
    [409, 'overloaded', error(409, 'ABORTED', 'The operation was aborted.')],
    [499, 'server-failed', error(499, 'CANCELLED', 'The operation was cancelled.')],
    [500, 'server-failed', error(500, 'INTERNAL', 'An internal error has occurred.')],
    [501, 'unsupported', error(501, 'UNIMPLEMENTED', 'Operation is not implemented.')],
    [503, 'overloaded', error(503, 'UNAVAILABLE', 'The model is overloaded.')],
    [504, 'timeout', error(504, 'DEADLINE_EXCEEDED', 'Deadline expired.')],
  ])('%i is %s', async (status, kind, body) => {
    const { message } = (body as { error: LlmError }).error
    expect(await gemini.fault(status, body)).toMatchObject({ kind, status, message })
    // The same inside a stream, where the reply itself was a 200, and as a list of one.
    expect(await gemini.fault(undefined, [body])).toMatchObject({ kind, status, message })
  })
})

describe('a limit', () => {
  const words = 'You exceeded your current quota, please check your plan and billing details.'
  test.each<[string, ErrorKind, number | undefined, object]>([
    [
      'per minute, with a delay',
      'rate-limited',
      48_000,
      error(429, 'RESOURCE_EXHAUSTED', words, quota('RequestsPerMinutePerProject'), retry('48s')),
    ],
    [
      'with a delay in words',
      'rate-limited',
      1_500,
      error(429, 'RESOURCE_EXHAUSTED', `${words} Please retry in 1.5s.`),
    ],
    [
      'with a delay in parts',
      'rate-limited',
      7_000,
      error(429, 'RESOURCE_EXHAUSTED', words, retry({ seconds: '7' })),
    ],
    [
      'with a delay in fractions',
      'rate-limited',
      39,
      error(429, 'RESOURCE_EXHAUSTED', words, retry('0.0385s')),
    ],
    [
      'per day, whatever the delay',
      'quota-exhausted',
      20_000,
      error(429, 'RESOURCE_EXHAUSTED', words, quota('RequestsPerDayPerProject-FreeTier'), retry('20s')),
    ],
    [
      'of nothing',
      'quota-exhausted',
      11_000,
      error(429, 'RESOURCE_EXHAUSTED', words, quota('RequestsPerMinute', '0'), retry('11s')),
    ],
    [
      'of nothing, in words',
      'quota-exhausted',
      undefined,
      error(429, 'RESOURCE_EXHAUSTED', `${words} limit: 0, model: x`),
    ],
    [
      'of money',
      'quota-exhausted',
      undefined,
      error(429, 'RESOURCE_EXHAUSTED', 'Your prepayment credits are depleted.'),
    ],
    ['of the plan', 'quota-exhausted', undefined, error(429, 'RESOURCE_EXHAUSTED', words)],
    [
      'shared by all',
      'rate-limited',
      undefined,
      error(429, 'RESOURCE_EXHAUSTED', 'Resource exhausted. Please try again later.'),
    ],
  ])('%s', async (_name, kind, retryAfterMs, body) => {
    const fault = await gemini.fault(429, body)
    expect(fault).toMatchObject({ kind, status: 429, code: 'RESOURCE_EXHAUSTED' })
    expect(fault.retryAfterMs).toBe(retryAfterMs)
  })
})

test.each([
  ['text', 'upstream connect error', 502, 'server-failed'],
  ['nothing', '', 503, 'overloaded'],
  ['a page', '<html><title>502</title></html>', 502, 'server-failed'],
  ['an empty list', [], 500, 'server-failed'],
])('an error body that is %s', async (_name, body, status, kind) => {
  expect(await gemini.fault(status, body)).toMatchObject({ kind, status })
})

import { LlmError, type ErrorKind } from '../../../core/error.ts'
import { ACCESS_EXPIRED } from './access-expiry.ts'
import { HttpError } from './http-error.ts'

/** What a caller gets for a thrown value, before a protocol finds the words for it. */
export interface PublicError {
  readonly status: number
  /** For one of the error bodies of the encoders, which keep the details of 5xx errors to themselves. */
  readonly error: LlmError
  readonly headers: Readonly<Record<string, string>>
}

// The host's own key or account at a provider: nothing that a caller could mend.
const UPSTREAM_WORDS: Partial<Record<ErrorKind, string>> = {
  unauthorized: 'the provider refused the access of this gateway',
  'quota-exhausted': 'the account of this gateway at the provider is used up',
}

/** Any thrown value as an answer: status by the error table; what is no `LlmError` is a 500 without details. */
export function publicError(thrown: unknown, requestId?: string): PublicError {
  if (thrown instanceof HttpError) {
    const { status, error, headers } = thrown
    return { status, error: error.with({ requestId }), headers: { ...headers, ...retryHeaders(error) } }
  }
  if (!LlmError.is(thrown)) {
    const error = new LlmError('server-failed', 'the request failed inside the gateway', { requestId })
    return { status: 500, error, headers: {} }
  }
  const { httpStatus: status } = thrown
  return { status, error: safeError(thrown, requestId), headers: retryHeaders(thrown) }
}

/** The error without what a provider says of the host's own access. For errors inside a stream too. */
export function safeError(error: LlmError, requestId?: string): LlmError {
  const ours = error.provider === undefined || error.code === ACCESS_EXPIRED
  const words = ours ? undefined : UPSTREAM_WORDS[error.kind]
  if (words !== undefined) return new LlmError(error.kind, words, { requestId })
  return requestId === undefined ? error : error.with({ requestId })
}

/** When to come again, in the headers that clients obey; and that there is no sense in it, where that is known. */
export function retryHeaders(error: LlmError): Record<string, string> {
  const { retryAfterMs, kind, attempts = [] } = error
  if (retryAfterMs !== undefined) {
    const ms = Math.max(1, Math.ceil(retryAfterMs))
    return { 'retry-after': String(Math.ceil(ms / 1000)), 'retry-after-ms': String(ms) }
  }
  // More than the limit can ever hold, or tried again here already.
  if (kind === 'limit-exceeded' || attempts.length > 1) return { 'x-should-retry': 'false' }
  return {}
}

import { LlmError, type ErrorKind } from '../../../core/error.ts'
import { ACCESS_EXPIRED } from './access-expiry.ts'
import { HttpError } from './http-error.ts'

/** Status, headers and error of an error response, before a protocol renders the body. */
export interface ErrorReply {
  readonly status: number
  /** For the error bodies of the protocols, which hide the details of 5xx errors. */
  readonly error: LlmError
  readonly headers: Readonly<Record<string, string>>
}

// Problems of the gateway's own key or account at a provider, which a client cannot fix.
const UPSTREAM_MESSAGES: Partial<Record<ErrorKind, string>> = {
  unauthorized: 'the provider rejected the credentials of this gateway',
  'quota-exhausted': 'the quota of this gateway at the provider is exhausted',
}

/** Converts a thrown value. The error's kind decides the status; any value but an `LlmError` is a 500 without details. */
export function errorReply(thrown: unknown, requestId?: string): ErrorReply {
  if (thrown instanceof HttpError) {
    const { status, error, headers } = thrown
    return { status, error: error.with({ requestId }), headers: { ...headers, ...retryHeaders(error) } }
  }
  if (!LlmError.is(thrown)) {
    const error = new LlmError('server-failed', 'the request failed inside the gateway', { requestId })
    return { status: 500, error, headers: {} }
  }
  const status = isForbidden(thrown) ? 403 : thrown.httpStatus
  return { status, error: safeError(thrown, requestId), headers: retryHeaders(thrown) }
}

// A chat service knows the caller, who may not do this.
function isForbidden({ kind, code, provider }: LlmError): boolean {
  return kind === 'unauthorized' && code === 'forbidden' && provider === undefined
}

/** Removes what a provider says about the gateway's own credentials. Also for errors inside a stream. */
export function safeError(error: LlmError, requestId?: string): LlmError {
  const ours = error.provider === undefined || error.code === ACCESS_EXPIRED
  const message = ours ? undefined : UPSTREAM_MESSAGES[error.kind]
  if (message !== undefined) return new LlmError(error.kind, message, { requestId })
  return requestId === undefined ? error : error.with({ requestId })
}

/** Returns the headers that tell clients when to retry, or not to retry because it cannot succeed. */
export function retryHeaders(error: LlmError): Record<string, string> {
  const { retryAfterMs, kind, attempts = [] } = error
  if (retryAfterMs !== undefined && retryAfterMs < Infinity) {
    const ms = Math.max(1, Math.ceil(retryAfterMs))
    return { 'retry-after': String(Math.ceil(ms / 1000)), 'retry-after-ms': String(ms) }
  }
  // Larger than the limit's capacity, or already retried by this gateway.
  if (kind === 'limit-exceeded' || attempts.length > 1) return { 'x-should-retry': 'false' }
  return {}
}

import type { ErrorKind, LlmError } from '../../core/error.ts'
import { publicError, type ErrorAnswer } from '../public-error.ts'

const TYPES: Readonly<Partial<Record<ErrorKind, string>>> = {
  'rate-limited': 'rate_limit_error',
  'limit-exceeded': 'rate_limit_error',
  'queue-full': 'rate_limit_error',
  overloaded: 'overloaded_error',
  'breaker-open': 'overloaded_error',
  timeout: 'timeout_error',
  unauthorized: 'authentication_error',
  'quota-exhausted': 'billing_error',
  'not-found': 'not_found_error',
  conflict: 'conflict_error',
}

/** Renders an error as Anthropic's endpoints do: `{ type: 'error', error: { type, message } }`. */
export function anthropicErrorBody(error: LlmError): ErrorAnswer {
  const { status, kind, message } = publicError(error)
  const type = TYPES[kind] ?? (status >= 500 ? 'api_error' : 'invalid_request_error')
  return { status, body: { type: 'error', error: { type, message } } }
}

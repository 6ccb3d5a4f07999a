import { LlmError, type ErrorKind, type Issue } from '../core/error.ts'
import { cut, shownIssues } from '../core/issues.ts'
import type { JsonObject } from '../core/json.ts'

/** An error as an HTTP response: its status, and its body in one protocol's form. */
export interface ErrorAnswer {
  readonly status: number
  readonly body: JsonObject
}

/** The part of an error that a client may see: details of the client's own fault, a general text for any 5xx. */
export interface PublicError {
  readonly status: number
  readonly kind: ErrorKind
  /** Finer reason of the service's own, such as `run-lost`: what a page may do depends on it. */
  readonly reason?: string | undefined
  readonly message: string
  readonly retryAfterMs?: number | undefined
  readonly scope?: string | undefined
  readonly pending?: number | undefined
  readonly issues?: readonly Issue[] | undefined
}

// For every kind with a status of 500 or above: nothing about the provider, the application or the network.
const GENERAL_TEXT: Readonly<Partial<Record<ErrorKind, string>>> = {
  overloaded: 'The model is overloaded; try again later.',
  timeout: 'The model did not answer in time; try again later.',
  network: 'The model could not be reached; try again later.',
  'server-failed': 'The model failed to answer; try again later.',
  'stream-broken': 'The answer broke off before its end.',
  'reply-malformed': 'The answer was cut off, or could not be read.',
  'breaker-open': 'The model is not available right now; try again later.',
  'tool-failed': 'A tool failed.',
  misconfigured: 'The service is not set up to answer this.',
}

// Failures of the service's own streams. A page that took them for a failing model would wait, or blame the model.
const REASON_TEXT: ReadonlyMap<string, string> = new Map([
  ['run-lost', 'The rest of the answer is lost, because its server has ended; ask again for a new one.'],
  ['stream-log-down', 'The service cannot store or read answers right now; try again later.'],
])

// In characters: a provider's text may be of any length.
const MAX_MESSAGE = 1_000

/**
 * Returns what a client may see of `error`. An error of the service's own shutdown has status 503. Whatever is no `LlmError` is
 * a failure of the service, of which a client sees nothing.
 */
export function publicError(error: LlmError): PublicError {
  if (!LlmError.is(error)) return { status: 500, kind: 'server-failed', message: 'The service failed.' }
  const { kind, code = '', retryAfterMs, scope, pending } = error
  if (isShutdown(error))
    return { status: 503, kind, message: 'The service is shutting down; try again.', retryAfterMs }
  const status = error.httpStatus
  const told = REASON_TEXT.get(code)
  if (told !== undefined) return { status, kind, reason: code, message: told, retryAfterMs }
  if (status >= 500)
    return { status, kind, message: GENERAL_TEXT[kind] ?? 'The service failed.', retryAfterMs }
  const issues = error.issues === undefined ? undefined : shownIssues(error.issues)
  return { status, kind, message: cut(error.message, MAX_MESSAGE), retryAfterMs, scope, pending, issues }
}

/** Whether the service aborted the call because it is closing; otherwise the caller aborted it. */
export function isShutdown({ kind, code }: LlmError): boolean {
  return kind === 'aborted' && code === 'shutdown'
}

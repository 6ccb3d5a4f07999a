import { type ErrorKind, type Issue, type LlmError } from '../../core/error.ts'
import type { JsonObject } from '../../core/json.ts'

/** An error as an HTTP answer: its status, and its body in the words of one protocol. */
export interface ErrorAnswer {
  readonly status: number
  readonly body: JsonObject
}

/** What the outside may know of an error: details of a caller's fault, a general text where the server or its providers failed. */
export interface PublicError {
  readonly status: number
  readonly kind: ErrorKind
  readonly message: string
  readonly retryAfterMs?: number | undefined
  readonly scope?: string | undefined
  readonly pending?: number | undefined
  readonly issues?: readonly Issue[] | undefined
}

// For every kind with a status of 500 or above: nothing of the provider, the host or the network.
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

export function publicError(error: LlmError): PublicError {
  const { kind, retryAfterMs, scope, pending, issues } = error
  if (endsService(error))
    return { status: 503, kind, message: 'The service is shutting down; try again.', retryAfterMs }
  const status = error.httpStatus
  if (status >= 500)
    return { status, kind, message: GENERAL_TEXT[kind] ?? 'The service failed.', retryAfterMs }
  return { status, kind, message: error.message, retryAfterMs, scope, pending, issues }
}

/** True where nobody asked for the end: the service itself goes down. */
export function endsService({ kind, code }: LlmError): boolean {
  return kind === 'aborted' && code === 'shutdown'
}

type Words = readonly [type: string, code: string | null]

const OPENAI_WORDS: Readonly<Record<ErrorKind, Words>> = {
  'rate-limited': ['rate_limit_error', 'rate_limit_exceeded'],
  overloaded: ['server_error', 'server_is_overloaded'],
  timeout: ['server_error', 'timeout'],
  network: ['server_error', 'upstream_unreachable'],
  'server-failed': ['server_error', 'server_error'],
  'stream-broken': ['server_error', 'stream_broken'],
  'reply-malformed': ['server_error', 'reply_malformed'],
  'invalid-request': ['invalid_request_error', null],
  'content-blocked': ['invalid_request_error', 'content_filter'],
  aborted: ['request_error', 'aborted'],
  'not-found': ['invalid_request_error', 'not_found'],
  conflict: ['invalid_request_error', 'conflict'],
  unauthorized: ['authentication_error', 'invalid_api_key'],
  'quota-exhausted': ['insufficient_quota', 'insufficient_quota'],
  'context-too-long': ['invalid_request_error', 'context_length_exceeded'],
  unsupported: ['invalid_request_error', 'unsupported'],
  'breaker-open': ['server_error', 'service_unavailable'],
  'queue-full': ['rate_limit_error', 'queue_full'],
  'limit-exceeded': ['rate_limit_error', 'rate_limit_exceeded'],
  'tool-failed': ['server_error', 'tool_failed'],
  'template-failed': ['invalid_request_error', 'template_failed'],
  misconfigured: ['server_error', 'misconfigured'],
}

/** The error in the shape of OpenAI's endpoints: `{ error: { message, type, param, code } }`. */
export function openaiErrorBody(error: LlmError): ErrorAnswer {
  const { status, kind, message, issues } = publicError(error)
  const [type, word] = OPENAI_WORDS[kind]
  const known = kind === 'not-found' && error.model !== undefined ? 'model_not_found' : word
  const code = endsService(error) ? 'service_unavailable' : known
  return { status, body: { error: { message, type, param: issues?.[0]?.path ?? null, code } } }
}

const ANTHROPIC_TYPES: Readonly<Partial<Record<ErrorKind, string>>> = {
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

/** The error in the shape of Anthropic's endpoints: `{ type: 'error', error: { type, message } }`. */
export function anthropicErrorBody(error: LlmError): ErrorAnswer {
  const { status, kind, message } = publicError(error)
  const type = ANTHROPIC_TYPES[kind] ?? (status >= 500 ? 'api_error' : 'invalid_request_error')
  return { status, body: { type: 'error', error: { type, message } } }
}

/** The error in our own words: `{ error: { code, message, … } }`, where `code` is the kind of the error. */
export function plainErrorBody(error: LlmError): ErrorAnswer {
  const { status, kind, message, ...more } = publicError(error)
  const { retryAfterMs, scope, pending, issues } = more
  const listed = issues?.map(({ path, message: about }) => ({ path, message: about }))
  return {
    status,
    body: { error: { code: kind, message, retryAfterMs, scope, pending, issues: listed } },
  }
}

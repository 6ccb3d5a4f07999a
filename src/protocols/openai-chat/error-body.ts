import { LlmError, type ErrorKind } from '../../core/error.ts'
import { isShutdown, publicError, type ErrorAnswer } from '../public-error.ts'

type TypeAndCode = readonly [type: string, code: string | null]

const TYPES: Readonly<Record<ErrorKind, TypeAndCode>> = {
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

/** Renders an error as OpenAI's endpoints do: `{ error: { message, type, param, code } }`. */
export function openaiErrorBody(error: LlmError): ErrorAnswer {
  const { status, kind, reason, message, issues } = publicError(error)
  const [type, usualCode] = TYPES[kind]
  const known = kind === 'not-found' && error.model !== undefined ? 'model_not_found' : usualCode
  const named = reason?.replaceAll('-', '_') ?? known
  const code = LlmError.is(error) && isShutdown(error) ? 'service_unavailable' : named
  return { status, body: { error: { message, type, param: issues?.[0]?.path ?? null, code } } }
}

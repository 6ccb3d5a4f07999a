import type { Fault } from '../core/dialect.ts'
import type { ErrorKind } from '../core/error.ts'
import { isObject, listOf, numberOf, objectOf, parseJson, textOf, rowOf } from '../core/json.ts'
import { isElsewhere, kindOfWords, limitKind, saysTooLong } from './error-words.ts'
import { findMessage } from './find-message.ts'

/** The parts of an error reply that decide its kind. */
export interface ErrorReply {
  readonly message: string
  readonly code?: string | undefined
  readonly type?: string | undefined
  readonly status?: number | undefined
  readonly providerRequestId?: string | undefined
}

const BY_STATUS: Readonly<Record<number, ErrorKind>> = {
  400: 'invalid-request',
  401: 'unauthorized',
  402: 'quota-exhausted',
  403: 'unauthorized',
  404: 'not-found',
  405: 'not-found',
  408: 'timeout',
  409: 'conflict',
  410: 'not-found',
  413: 'context-too-long',
  415: 'invalid-request',
  422: 'invalid-request',
  424: 'server-failed',
  425: 'overloaded',
  429: 'rate-limited',
  498: 'overloaded',
  503: 'overloaded',
  504: 'timeout',
  524: 'timeout',
  529: 'overloaded',
}

// Parts of codes and types. The first match decides.
const BY_NAME: readonly (readonly [RegExp, ErrorKind])[] = [
  [
    /insufficient_quota|billing|payment|insufficient.?(credit|balance|funds)|(?<!request_|token_)quota_exceeded|out_of_credit|arrearage|spend_limit|usage_limit|budget_exceeded/i,
    'quota-exhausted',
  ],
  [
    /tool_use_failed|json_validate_failed|output_parse_failed|malformed_|unexpected_tool_call|too_many_tool_calls|missing_thought_signature/i,
    'reply-malformed',
  ],
  [
    /content.?(filter|policy)|responsible_ai|safety|moderation|data_inspection|prohibited_content|blocklist|censorship|guardrail/i,
    'content-blocked',
  ],
  [/context.?(length|window|size)|(prompt|input)_too_long|tokens_limit_reached/i, 'context-too-long'],
  [/rate.?limit|too_many_requests|resource_exhausted|throttl/i, 'rate-limited'],
  [/overload|unavailable|capacity|engine_overloaded|model_loading/i, 'overloaded'],
  [
    /authentication|unauthenticated|unauthorized|api_key_|_api_key|access_token_|consumer_|service_disabled|permission|forbidden|access_denied/i,
    'unauthorized',
  ],
  [/not.?found|model_not_exist|unknown_model|invalid_model/i, 'not-found'],
  [/timeout|deadline/i, 'timeout'],
  [/invalid|bad.?request|validation|unprocessable|failed_precondition/i, 'invalid-request'],
  [/internal|server_error|api_error|unknown/i, 'server-failed'],
]

/**
 * The kind of a provider's error. The status decides, except if code or message is more exact: a prompt that is too long,
 * used-up credit, refused content, a mistake of the model.
 */
export function faultKind({ message, code, type, status }: ErrorReply): ErrorKind {
  const names = `${code ?? ''} ${type ?? ''}`
  const named = BY_NAME.find(([pattern]) => pattern.test(names))?.[1]
  // A 429 about tokens means tokens per minute. Small servers and gateways answer 5xx to a prompt that is too long.
  const mayBePrompt = !isElsewhere(status) && status !== 429 && status !== 403
  if (mayBePrompt && (saysTooLong(message) || named === 'context-too-long')) return 'context-too-long'
  const said = kindOfWords(message, status)
  if (status === undefined)
    return (named === 'invalid-request' ? said : undefined) ?? named ?? said ?? 'server-failed'
  if (said === 'quota-exhausted' || (named === 'quota-exhausted' && NAMES_CREDIT.has(status)))
    return 'quota-exhausted'
  if (said !== undefined) return said
  if (named !== undefined && NAMES_DECIDE[status]?.includes(named) === true) return named
  return (
    BY_STATUS[status] ??
    (status >= 500 ? (named === 'overloaded' ? 'overloaded' : 'server-failed') : 'invalid-request')
  )
}

const NAMES_CREDIT: ReadonlySet<number> = new Set([429, 403, 400])
// Statuses beside which a code or type is more exact.
const NAMES_DECIDE: Readonly<Record<number, readonly ErrorKind[]>> = {
  400: ['content-blocked', 'unauthorized', 'not-found', 'reply-malformed'],
  403: ['content-blocked'],
  422: ['content-blocked', 'reply-malformed'],
  429: ['overloaded'],
  451: ['content-blocked'],
}

/** Reads an error reply in the shapes of all known servers, as plain text, or empty. */
export function readErrorReply(status: number | undefined, body: unknown): ErrorReply {
  if (typeof body === 'string') return { message: plainMessage(body, status), status }
  if (Array.isArray(body) && body.length > 0) return readErrorReply(status, body[0])
  const reply = objectOf(body)
  const error = reply['error']
  const providerRequestId = textOf(reply['request_id'])
  if (isObject(error)) return { ...errorReplyOf(error, textOf(reply['type']), status), providerRequestId }
  const detail = reply['detail'] ?? reply['errors'] ?? reply['details']
  const text = flatMessage(reply) ?? detailText(detail)
  if (text === undefined) return errorReplyOf(reply, undefined, status)
  const named = /^[a-z_]+$/.exec(textOf(error) ?? '')?.[0]
  return { ...errorReplyOf({ code: named, ...reply }, undefined, status), message: text }
}

// A message, the name of an error, or both.
function flatMessage({
  error,
  message,
  error_description: described,
}: Record<string, unknown>): string | undefined {
  const name = textOf(error)
  const text = textOf(message) ?? textOf(described)
  if (name === undefined || text === undefined || text.includes(name)) return text ?? name
  return name.includes(text) ? name : `${name}: ${text}`
}

function errorReplyOf(
  error: Record<string, unknown>,
  outerType: string | undefined,
  status: number | undefined,
): ErrorReply {
  const { code, type } = error
  const raw = objectOf(error['metadata'])['raw']
  // A gateway may hold the error of the server behind it as text.
  const wrapped = parseJson(textOf(error['message']) ?? '')
  if (isObject(wrapped) && isObject(wrapped['error'])) return readErrorReply(status, wrapped)
  const { details } = error
  const reason = listOf(details)
    .map((detail) => textOf(objectOf(detail)['reason']))
    .find(Boolean)
  const message =
    textOf(error['message']) ??
    detailText(error['detail']) ??
    findMessage(error) ??
    `the provider gave no reason (status ${status ?? 200})`
  const named = textOf(code) ?? textOf(objectOf(details)['error_code']) ?? textOf(error['status'])
  const own = status ?? statusOf(code) ?? statusOf(error['status'])
  const full =
    typeof raw === 'string' && !message.includes(raw) ? `${message}: ${raw.slice(0, 500)}` : message
  return {
    message: full,
    code: named,
    type: textOf(type) ?? textOf(error['error_type']) ?? reason ?? outerType,
    status: own !== undefined && own >= 400 && own < 600 ? own : status,
  }
}

function statusOf(value: unknown): number | undefined {
  return numberOf(value) ?? (/^\d{3}$/.test(textOf(value) ?? '') ? Number(value) : undefined)
}

// FastAPI's list of { msg, loc }, Cloudflare's list of { message }, or a text.
function detailText(detail: unknown): string | undefined {
  if (isObject(detail)) return findMessage(detail)
  const items = listOf(detail).map((item) => {
    const { msg, message, loc } = objectOf(item)
    const where = listOf(loc).join('.')
    const what = textOf(msg) ?? textOf(message) ?? textOf(item)
    return what === undefined ? undefined : `${where === '' ? '' : `${where}: `}${what}`
  })
  return textOf(detail) ?? textOf(items.filter((item) => item !== undefined).join('; '))
}

function plainMessage(text: string, status: number | undefined): string {
  const clean = text.trim()
  if (clean === '') return `an empty reply with status ${status ?? 200}`
  if (!/^<(!doctype|html|head|body)/i.test(clean)) return clean.slice(0, 1000)
  const title = /<title[^>]*>([^<]*)</i.exec(clean)?.[1]?.trim()
  const named = title === undefined || title === '' ? '' : ` ("${title.slice(0, 100)}")`
  return `an HTML page${named} with status ${status ?? 200}: check baseUrl and any proxy in between`
}

const LIMITS: ReadonlySet<ErrorKind> = new Set(['rate-limited', 'overloaded', 'quota-exhausted'])

/** The neutral fault of an error reply, from its text and status. */
export function readFault(status: number | undefined, body: unknown): Fault {
  const error = readErrorReply(status, body)
  const { message, code, type, providerRequestId } = error
  const raw = typeof body === 'string' ? body : (JSON.stringify(body) ?? '')
  const field = waitInFields(raw)
  const waitMs = field ?? waitIn(message)
  const kind = limitKind(faultKind(error), { message, raw, waitMs })
  // A field says it as the header does, for every kind; words are about a limit, or about something else.
  const waits = waitMs !== undefined && (field !== undefined || LIMITS.has(kind))
  return {
    kind,
    message,
    status: error.status,
    code: code ?? type,
    ...(providerRequestId === undefined ? undefined : { providerRequestId }),
    ...(waits ? { retryAfterMs: waitMs } : undefined),
  }
}

/** The fault of a reply with a good status and no answer: an error in an unknown shape, or another format. */
export function noAnswer(status: number | undefined, body: unknown): Fault {
  const fault = readFault(status, body)
  const reply = objectOf(body)
  if (fault.status !== undefined || fault.code !== undefined || reply['success'] === false) return fault
  const found = findMessage(reply)
  const message = `the reply holds no answer${found === undefined ? '; check baseUrl' : `: ${found}`}`
  return { kind: 'reply-malformed', message }
}

const WAIT =
  /\b(?:try again|retry|wait)(?: (?:in|after|for|at least))?(?: about)? ((?:\d+(?:\.\d+)?\s*(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h)(?![a-z])\s*)+)/i
const SPAN_PART = /(\d+(?:\.\d+)?)\s*(ms|milli|s|m|h)/gi
// A field for the wait, also inside a text that holds JSON: `"retryDelay": "34s"`, `{ "seconds": 34 }`, `"retry_after": 5`.
const FIELD =
  /retry_?(?:delay|after)(_ms)?["'\\]+: *[{"'\\]*(?:seconds["'\\]*: *["'\\]*)?(\d+(?:\.\d+)?)(ms|s|m|h)?\b/i
const PART_MS: Readonly<Record<string, number>> = { ms: 1, milli: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** The wait that a message asks for, in ms: `try again in 1m2.5s`, `retry after 20 seconds`. */
function waitIn(message: string): number | undefined {
  const span = WAIT.exec(message.slice(0, 2_000))?.[1]
  if (span === undefined) return undefined
  let total = 0
  for (const [, amount, unit = ''] of span.matchAll(SPAN_PART))
    total += Number(amount) * (rowOf(PART_MS, unit.toLowerCase()) ?? 0)
  return Math.ceil(total - 1e-6)
}

function waitInFields(raw: string): number | undefined {
  const [, ms, amount, unit] = FIELD.exec(raw) ?? []
  if (amount === undefined) return undefined
  return Math.ceil(Number(amount) * (rowOf(PART_MS, unit ?? (ms === undefined ? 's' : 'ms')) ?? 0) - 1e-6)
}

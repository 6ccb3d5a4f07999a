import type { Fault } from '../core/dialect.ts'
import type { ErrorKind } from '../core/error.ts'
import { isObject, listOf, numberOf, objectOf, textOf } from '../core/json.ts'
import { findMessage } from './find-message.ts'

/** Whether a field named `error` holds an error: some servers send an empty one with every good answer. */
export function holdsError(error: unknown): boolean {
  if (isObject(error) || Array.isArray(error)) return Object.keys(error).length > 0
  return error !== undefined && error !== null && error !== '' && error !== false
}

/** The parts of an error reply that decide its kind. */
export interface ErrorReply {
  readonly message: string
  readonly code?: string | undefined
  readonly type?: string | undefined
  readonly status?: number | undefined
}

// Texts in which servers say that a prompt does not fit the model.
const OVERFLOW: readonly RegExp[] = [
  /prompt is too long/i,
  /exceeds? the (model'?s? )?(maximum )?context (window|length|size)/i,
  /context (window|length) exceeds/i,
  /context[_ ]length[_ ]exceeded/i,
  /model_context_window_exceeded/i,
  /input (token count|length|is too long)[^.]*(exceeds?|maximum|too long|requested model)/i,
  /maximum (prompt|context) length/i,
  /reduce the length of the (messages|prompt|input)/i,
  /exceeds the available context size/i,
  /greater than the context length/i,
  /too large for model with \d+ maximum context length/i,
  /input \(\d+ tokens\) is too large/i,
  /exceeded model token limit/i,
  /too many (input )?tokens|token limit exceeded|tokens? (exceed|in (the )?request)/i,
  /(prompt|request|input|conversation) (is )?(too long|too large|exceeds)[^.]*(token|context|window)/i,
  /range of input length should be/i,
]

/** Whether an error message says that the prompt does not fit the model. */
export function saysTooLong(message: string): boolean {
  return OVERFLOW.some((pattern) => pattern.test(message))
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
    /insufficient_quota|billing|payment|insufficient.?(credit|balance|funds)|(?<!request_|token_)quota_exceeded|out_of_credit|arrearage/i,
    'quota-exhausted',
  ],
  [/content.?(filter|policy)|responsible_ai|safety|moderation|data_inspection/i, 'content-blocked'],
  [/context.?(length|window)|string_above_max_length/i, 'context-too-long'],
  [/rate.?limit|too_many_requests|resource_exhausted|throttl/i, 'rate-limited'],
  [/overload|unavailable|capacity|engine_overloaded|model_loading/i, 'overloaded'],
  [
    /authentication|unauthenticated|unauthorized|invalid_api_key|permission|forbidden|access_denied/i,
    'unauthorized',
  ],
  [/not.?found|model_not_exist|unknown_model|invalid_model/i, 'not-found'],
  [/timeout|deadline/i, 'timeout'],
  [/invalid|bad.?request|validation|unprocessable|failed_precondition|tool_use_failed/i, 'invalid-request'],
  [/internal|server_error|api_error|unknown/i, 'server-failed'],
]

// Texts for an unknown model name under a status that blames the request.
const NO_SUCH_MODEL =
  /\bunknown model\b|\bmodel [`'"]?[\w./:@-]+[`'"]? (does not|doesn't) exist\b|\bis not a valid model\b|\bmodel not found\b|\bsupported api model names\b/i

/**
 * The kind of a provider's error. The status decides, except if code or message is more exact: a prompt that is too long
 * (400, 413), used-up credit (429, 403), refused content (400).
 */
export function faultKind({ message, code, type, status }: ErrorReply): ErrorKind {
  const names = `${code ?? ''} ${type ?? ''}`
  const named = BY_NAME.find(([pattern]) => pattern.test(names))?.[1]
  // A 429 about tokens means tokens per minute. Small servers answer 500 to a prompt that is too long.
  const mayBePrompt = status === undefined || (status >= 400 && status <= 500 && status !== 429)
  if (mayBePrompt && (saysTooLong(message) || named === 'context-too-long')) return 'context-too-long'
  if (status === undefined) return named ?? 'server-failed'
  if (
    (status === 429 || status === 403 || status === 400) &&
    (named === 'quota-exhausted' || saysNoCredit(message))
  )
    return 'quota-exhausted'
  if ((status === 400 || status === 403) && named === 'content-blocked') return 'content-blocked'
  if (status === 400 && named === 'unauthorized') return 'unauthorized'
  if (status === 400 && /api[_ ]?key (not valid|is invalid|expired)|incorrect api key/i.test(message))
    return 'unauthorized'
  if (status === 400 && NO_SUCH_MODEL.test(message)) return 'not-found'
  if (status === 429 && named === 'overloaded') return 'overloaded'
  if (status === 404 || status === 400)
    return named === 'not-found' ? 'not-found' : (BY_STATUS[status] ?? 'invalid-request')
  return (
    BY_STATUS[status] ??
    (status >= 500 ? (named === 'overloaded' ? 'overloaded' : 'server-failed') : 'invalid-request')
  )
}

function saysNoCredit(message: string): boolean {
  return /insufficient (credit|balance|quota|funds)|credit balance is too low|exceeded your current quota|out of credits|used all available credits|spending limit|billing details/i.test(
    message,
  )
}

/** Reads an error reply in the shapes of all known servers, as plain text, or empty. */
export function readErrorReply(status: number | undefined, body: unknown): ErrorReply {
  if (typeof body === 'string') return { message: plainMessage(body, status), status }
  if (Array.isArray(body) && body.length > 0) return readErrorReply(status, body[0])
  const reply = objectOf(body)
  const error = reply['error']
  if (isObject(error)) return errorReplyOf(error, textOf(reply['type']), status)
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
  const message =
    textOf(error['message']) ??
    detailText(error['detail']) ??
    findMessage(error) ??
    `the provider gave no reason (status ${status ?? 200})`
  const named = textOf(code) ?? textOf(error['status'])
  const own = status ?? statusOf(code) ?? statusOf(error['status'])
  const full =
    typeof raw === 'string' && !message.includes(raw) ? `${message}: ${raw.slice(0, 500)}` : message
  return {
    message: full,
    code: named,
    type: textOf(type) ?? textOf(error['error_type']) ?? outerType,
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

/** The neutral fault of an error reply, from its text and status. */
export function readFault(status: number | undefined, body: unknown): Fault {
  const error = readErrorReply(status, body)
  const kind = faultKind(error)
  const retryAfterMs = kind === 'rate-limited' || kind === 'overloaded' ? waitIn(error.message) : undefined
  return {
    kind,
    message: error.message,
    status: error.status,
    code: error.code ?? error.type,
    ...(retryAfterMs === undefined ? undefined : { retryAfterMs }),
  }
}

/** The fault of a reply with a good status and no answer: an error in an unknown shape, or another format. */
export function noAnswer(reply: Record<string, unknown>): Fault {
  const fault = readFault(undefined, reply)
  if (fault.status !== undefined || fault.code !== undefined || reply['success'] === false) return fault
  const found = findMessage(reply)
  const message = `the reply holds no answer${found === undefined ? '; check baseUrl' : `: ${found}`}`
  return { kind: 'reply-malformed', message }
}

const WAIT =
  /\b(?:try again|retry|wait)(?: (?:in|after|for|at least))?(?: about)? ((?:\d+(?:\.\d+)?\s*(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h)(?![a-z])\s*)+)/i
const SPAN_PART = /(\d+(?:\.\d+)?)\s*(ms|milli|s|m|h)/gi
const PART_MS: Readonly<Record<string, number>> = { ms: 1, milli: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** The wait that a message asks for, in ms: `try again in 1m2.5s`, `retry after 20 seconds`. */
function waitIn(message: string): number | undefined {
  const span = WAIT.exec(message.slice(0, 2_000))?.[1]
  if (span === undefined) return undefined
  let total = 0
  for (const [, amount, unit = ''] of span.matchAll(SPAN_PART))
    total += Number(amount) * (PART_MS[unit.toLowerCase()] ?? 0)
  return Math.ceil(total - 1e-6)
}

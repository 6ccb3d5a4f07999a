import type { Fault } from '../../core/dialect.ts'
import type { ErrorKind } from '../../core/error.ts'
import { isObject, listOf, numberOf, objectOf, textOf } from '../../core/json.ts'
import { readFault } from '../fault.ts'

/** The neutral fault of an error reply, which is an object or a list of one. Its details are more exact than its status. */
export function readGeminiFault(status: number | undefined, body: unknown): Fault {
  const fault = readFault(status, body)
  const error = errorOf(body)
  if (error === undefined) return fault
  const details = listOf(error['details']).map(objectOf)
  const retryAfterMs = readDelay(details, fault.message)
  const kind = kindOf(fault, { word: textOf(error['status']), details, retryAfterMs })
  return { ...fault, kind, ...(retryAfterMs === undefined ? undefined : { retryAfterMs }) }
}

function errorOf(body: unknown): Record<string, unknown> | undefined {
  const { error } = objectOf(Array.isArray(body) ? body[0] : body)
  return isObject(error) ? error : undefined
}

interface Clues {
  readonly word: string | undefined
  readonly details: readonly Record<string, unknown>[]
  readonly retryAfterMs: number | undefined
}

// Reasons that distinguish errors of the same status.
const BY_REASON: readonly (readonly [RegExp, ErrorKind])[] = [
  [/^(API_KEY_|ACCESS_TOKEN_|CONSUMER_|SERVICE_DISABLED|USER_PROJECT_DENIED)/, 'unauthorized'],
  [/^BILLING_/, 'quota-exhausted'],
  [/^RATE_LIMIT_EXCEEDED/, 'rate-limited'],
  [/SAFETY|PROHIBITED_CONTENT|BLOCKLIST/, 'content-blocked'],
]
const BY_STATUS_WORD: Readonly<Record<string, ErrorKind>> = {
  ABORTED: 'overloaded',
  CANCELLED: 'server-failed',
  UNIMPLEMENTED: 'unsupported',
}

function kindOf({ kind, message }: Fault, { word, details, retryAfterMs }: Clues): ErrorKind {
  if (word === 'RESOURCE_EXHAUSTED') return exhausted(kind, { details, message, retryAfterMs })
  if (/input token count is \d+ but/i.test(message)) return 'context-too-long'
  const reason = details.map((detail) => textOf(detail['reason'])).find((text) => text !== undefined) ?? ''
  const known = BY_REASON.find(([pattern]) => pattern.test(reason))?.[1]
  if (known !== undefined) return known
  if (word === 'FAILED_PRECONDITION') {
    if (/enable billing|billing (account|details)/i.test(message)) return 'quota-exhausted'
    if (/(location|country|region) (is )?not (supported|available)|not available in your/i.test(message))
      return 'unauthorized'
  }
  return BY_STATUS_WORD[word ?? ''] ?? kind
}

interface Limit {
  readonly details: readonly Record<string, unknown>[]
  readonly message: string
  readonly retryAfterMs: number | undefined
}

// Waiting helps with a limit per minute, and not with one per day or a limit of 0, which name a delay too.
function exhausted(kind: ErrorKind, { details, message, retryAfterMs }: Limit): ErrorKind {
  const violations = details.flatMap((detail) => listOf(detail['violations'])).map(objectOf)
  const spent = violations.some(
    ({ quotaId, quotaValue }) => /PerDay/i.test(textOf(quotaId) ?? '') || quotaValue === '0',
  )
  if (spent || /\blimit: 0\b/.test(message)) return 'quota-exhausted'
  const paced = violations.length > 0 || retryAfterMs !== undefined
  if (!paced && /credits? (are|is) depleted|spend(ing)? (cap|limit)/i.test(message)) return 'quota-exhausted'
  return paced ? 'rate-limited' : kind
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** The wait in ms: from the details, else from the message. */
function readDelay(details: readonly Record<string, unknown>[], message: string): number | undefined {
  for (const { retryDelay } of details) {
    const delay = durationOf(retryDelay)
    if (delay !== undefined) return delay
  }
  return durationOf(/retry in ([\d.]+(?:ms|s|m|h))/i.exec(message)?.[1])
}

// `34s`, `1.5s`, or an object of seconds and nanoseconds.
function durationOf(value: unknown): number | undefined {
  if (isObject(value)) {
    const seconds = numberOf(value['seconds']) ?? Number(textOf(value['seconds']) ?? Number.NaN)
    return Number.isFinite(seconds) ? seconds * 1_000 : undefined
  }
  const [, amount, unit = ''] = /^([\d.]+)(ms|s|m|h)$/.exec(textOf(value) ?? '') ?? []
  const delay = Number(amount) * (UNITS_MS[unit] ?? Number.NaN)
  return Number.isFinite(delay) ? Math.ceil(delay) : undefined
}

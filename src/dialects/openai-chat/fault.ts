import type { Fault } from '../../core/dialect.ts'
import { numberOf, objectOf, textOf } from '../../core/json.ts'
import { readFault as readAnyFault } from '../fault.ts'

// Codes of the envelope, and the HTTP status of the same meaning.
// From https://platform.minimax.io/docs/api-reference/errorcode
const STATUS: Readonly<Record<number, number>> = {
  1001: 504,
  1002: 429,
  1004: 401,
  1008: 402,
  1026: 400,
  1027: 400,
  1039: 429,
  1041: 429,
  1042: 400,
  2013: 400,
  2049: 401,
  2056: 429,
}
const BLOCKED: ReadonlySet<number> = new Set([1026, 1027])

/** The neutral fault of an error reply. One of status 200 may be in the envelope `base_resp`. */
export function readFault(status: number | undefined, body: unknown): Fault {
  return (status === undefined ? enclosedFault(objectOf(body)) : undefined) ?? readAnyFault(status, body)
}

// `undefined` if the envelope reports success.
function enclosedFault({ base_resp: envelope }: Record<string, unknown>): Fault | undefined {
  const { status_code: given, status_msg: text } = objectOf(envelope)
  const code = numberOf(given)
  if (code === undefined || code === 0) return undefined
  const message = textOf(text) ?? `the provider gave no reason (code ${code})`
  const fault = readAnyFault(STATUS[code] ?? 500, { error: { message, code: String(code) } })
  return BLOCKED.has(code) ? { ...fault, kind: 'content-blocked' } : fault
}

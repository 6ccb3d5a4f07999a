import type { Fault } from '../../core/dialect.ts'
import { numberOf, objectOf, textOf } from '../../core/json.ts'
import { readFault } from '../fault.ts'

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

/** The error in the envelope `base_resp` of a reply with status 200; `undefined` if it reports success. */
export function enclosedFault(json: Record<string, unknown>): Fault | undefined {
  const { status_code: given, status_msg: text } = objectOf(json['base_resp'])
  const code = numberOf(given)
  if (code === undefined || code === 0) return undefined
  const message = textOf(text) ?? `the provider gave no reason (code ${code})`
  const fault = readFault(STATUS[code] ?? 500, { error: { message, code: String(code) } })
  return BLOCKED.has(code) ? { ...fault, kind: 'content-blocked' } : fault
}

import type { Fault } from '../../core/dialect.ts'
import { readFault as readAnyFault } from '../fault.ts'

/** The neutral fault of an error reply, of an error inside a stream or of a failed response. */
export function readFault(status: number | undefined, body: unknown): Fault {
  const fault = readAnyFault(status, body)
  // Failed responses have status 200, so that only the code shows the cause.
  if (fault.status !== undefined || fault.code === undefined) return fault
  if (/policy/.test(fault.code)) return { ...fault, kind: 'content-blocked' }
  return /image|base64/.test(fault.code) ? { ...fault, kind: 'invalid-request' } : fault
}

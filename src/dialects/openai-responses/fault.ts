import type { Fault } from '../../core/dialect.ts'
import { readFault } from '../fault.ts'

/** An error reply, or the error inside a stream or a failed response. */
export function readResponseFault(status: number | undefined, body: unknown): Fault {
  const fault = readFault(status, body)
  // Failed responses come with status 200: only the code says whose fault it was.
  if (fault.status !== undefined || fault.code === undefined) return fault
  if (/policy/.test(fault.code)) return { ...fault, kind: 'content-blocked' }
  return /image|base64/.test(fault.code) ? { ...fault, kind: 'invalid-request' } : fault
}

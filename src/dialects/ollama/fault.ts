import type { Fault } from '../../core/dialect.ts'
import { readFault as readAnyFault } from '../fault.ts'

/** The neutral fault of an error. In streams, which have no status, the message says that the server is busy. */
export function readFault(status: number | undefined, body: unknown): Fault {
  const fault = readAnyFault(status, body)
  const busy = status === undefined && /server busy|maximum pending requests/i.test(fault.message)
  return busy ? { ...fault, kind: 'overloaded' } : fault
}

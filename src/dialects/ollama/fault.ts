import type { Fault } from '../../core/dialect.ts'
import { readFault as readAnyFault } from '../fault.ts'

/** The neutral fault of an error. A line of a stream seldom has a status: its words tell that the server is full. */
export function readFault(status: number | undefined, body: unknown): Fault {
  const fault = readAnyFault(status, body)
  const busy = status === undefined && /server busy|maximum pending requests/i.test(fault.message)
  return busy ? { ...fault, kind: 'overloaded' } : fault
}

import type { Fault } from '../../core/dialect.ts'
import { faultKind, readFault as readAnyFault } from '../fault.ts'

/** The neutral fault of an error reply or of an error inside a stream. Without a status, the message decides the kind. */
export function readFault(status: number | undefined, body: unknown): Fault {
  const fault = readAnyFault(status, body)
  const { message } = fault
  if (fault.status !== undefined || fault.code !== undefined) return fault
  return fault.kind === 'reply-malformed' ? fault : { ...fault, kind: faultKind({ message, code: message }) }
}

import type { Fault } from '../../core/dialect.ts'
import { faultKind, readFault } from '../fault.ts'

/** The neutral fault of an error reply or of an error inside a stream. Without a status, the message decides the kind. */
export function readChatFault(status: number | undefined, body: unknown): Fault {
  const fault = readFault(status, body)
  const { message } = fault
  if (fault.status !== undefined || fault.code !== undefined) return fault
  // The model's output was invalid, not the request.
  if (/\binvalid (tool )?generation\b/i.test(message)) return { ...fault, kind: 'server-failed' }
  return { ...fault, kind: faultKind({ message, code: message }) }
}

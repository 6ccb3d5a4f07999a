import type { Fault } from '../../core/dialect.ts'
import { faultKind, readFault } from '../fault.ts'

/** An error reply, or the error inside a stream: a message and nothing else, so that without a status it has to tell. */
export function readChatFault(status: number | undefined, body: unknown): Fault {
  const fault = readFault(status, body)
  const { message } = fault
  if (fault.status !== undefined || fault.code !== undefined) return fault
  // What the model made was invalid, not what it was sent.
  if (/\binvalid (tool )?generation\b/i.test(message)) return { ...fault, kind: 'server-failed' }
  return { ...fault, kind: faultKind({ message, code: message }) }
}

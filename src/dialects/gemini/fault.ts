import type { Fault } from '../../core/dialect.ts'
import type { ErrorKind } from '../../core/error.ts'
import { objectOf, textOf, rowOf } from '../../core/json.ts'
import { readFault as readAnyFault } from '../fault.ts'

const BY_STATUS_WORD: Readonly<Record<string, ErrorKind>> = {
  ABORTED: 'overloaded',
  CANCELLED: 'server-failed',
  UNIMPLEMENTED: 'unsupported',
}

/** The neutral fault of an error reply, which is an object or a list of one. */
export function readFault(status: number | undefined, body: unknown): Fault {
  const fault = readAnyFault(status, body)
  const { error } = objectOf(Array.isArray(body) ? body[0] : body)
  const kind = rowOf(BY_STATUS_WORD, textOf(objectOf(error)['status']) ?? '')
  return kind === undefined ? fault : { ...fault, kind }
}

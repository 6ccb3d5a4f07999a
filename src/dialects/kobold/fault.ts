import type { Fault } from '../../core/dialect.ts'
import { isObject, objectOf, textOf } from '../../core/json.ts'
import { readFault as readAnyFault } from '../fault.ts'

/** The neutral fault of an error reply. The server's own errors are in `detail`, whose type decides the kind. */
export function readFault(status: number | undefined, body: unknown): Fault {
  const { detail } = objectOf(body)
  if (!isObject(detail)) return readAnyFault(status, body)
  return readAnyFault(status, { error: { message: textOf(detail['msg']), type: textOf(detail['type']) } })
}

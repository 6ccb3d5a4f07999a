import type { Fault } from '../../core/dialect.ts'
import { isObject, objectOf, textOf } from '../../core/json.ts'
import { readFault as readAnyFault } from '../fault.ts'

/** The neutral fault of an error. The server's own ones lie in `detail`, with a type that tells the kind. */
export function readFault(status: number | undefined, body: unknown): Fault {
  const { detail } = objectOf(body)
  if (!isObject(detail)) return readAnyFault(status, body)
  return readAnyFault(status, { error: { message: textOf(detail['msg']), type: textOf(detail['type']) } })
}

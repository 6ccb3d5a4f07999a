import type { Fault } from '../../core/dialect.ts'
import type { ErrorKind } from '../../core/error.ts'
import { objectOf, textOf, rowOf } from '../../core/json.ts'
import { saysTooLong } from '../error-words.ts'
import { readFault as readAnyFault } from '../fault.ts'

// The format's own error types, which are more exact than the status.
const BY_TYPE: Readonly<Record<string, ErrorKind>> = {
  authentication_error: 'unauthorized',
  permission_error: 'unauthorized',
  billing_error: 'quota-exhausted',
  not_found_error: 'not-found',
  conflict_error: 'conflict',
  rate_limit_error: 'rate-limited',
  timeout_error: 'timeout',
  overloaded_error: 'overloaded',
}

const MORE_EXACT: ReadonlySet<ErrorKind> = new Set(['quota-exhausted', 'content-blocked', 'context-too-long'])

/** The neutral fault of an error reply or an `error` event, also of gateways with other shapes. */
export function readFault(status: number | undefined, body: unknown): Fault {
  const error = objectOf(objectOf(body)['error'])
  const fault = readAnyFault(status, body)
  return { ...fault, kind: kindOf(fault, textOf(error['type'])) }
}

function kindOf({ kind, message }: Fault, type: string | undefined): ErrorKind {
  switch (type) {
    // The format has this type for too many bytes and for too many tokens.
    case 'request_too_large':
      return saysTooLong(message) ? 'context-too-long' : 'invalid-request'
    case 'api_error':
      return /overloaded/i.test(message) ? 'overloaded' : kind
    default:
      return MORE_EXACT.has(kind) ? kind : (rowOf(BY_TYPE, type ?? '') ?? kind)
  }
}

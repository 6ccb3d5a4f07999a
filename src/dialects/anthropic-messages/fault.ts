import type { Fault } from '../../core/dialect.ts'
import type { ErrorKind } from '../../core/error.ts'
import { isObject, objectOf, parseJson, textOf } from '../../core/json.ts'
import { readFault as readAnyFault, saysTooLong } from '../fault.ts'

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

/** The neutral fault of an error reply or an `error` event, also of gateways with other shapes. */
export function readFault(status: number | undefined, body: unknown): Fault {
  const error = objectOf(objectOf(body)['error'])
  // A gateway may hold the error of the server behind it as text.
  const wrapped = parseJson(textOf(error['message']) ?? '')
  if (isObject(wrapped) && isObject(wrapped['error'])) return readFault(status, wrapped)
  const fault = readAnyFault(status, body)
  return { ...fault, kind: kindOf(fault, textOf(error['type'])) }
}

function kindOf({ kind, message }: Fault, type: string | undefined): ErrorKind {
  if (/credit balance is too low|reached your specified (api )?usage limits|spend limit/i.test(message))
    return 'quota-exhausted'
  if (/blocked by content filtering policy/i.test(message)) return 'content-blocked'
  switch (type) {
    // The format has this type for too many bytes and for too many tokens.
    case 'request_too_large':
      return saysTooLong(message) ? 'context-too-long' : 'invalid-request'
    case 'api_error':
      return /overloaded/i.test(message) ? 'overloaded' : kind
    default:
      return kind === 'quota-exhausted' ? kind : (BY_TYPE[type ?? ''] ?? kind)
  }
}

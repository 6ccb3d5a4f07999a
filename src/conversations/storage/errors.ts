import { argument, checkArguments } from '../../core/check-arguments.ts'
import { LlmError } from '../../core/error.ts'

/** `not-found`: the store has no such record. `what` names its type, such as `conversation`. */
export function notFound(what: string, id: string): LlmError {
  checkArguments('notFound', { what: argument.text, id: argument.text }, { what, id })
  return new LlmError('not-found', `no ${what} "${id}"; it may have been deleted`)
}

/** `conflict` with the code `id-taken`: the id of a new record is in use. */
export function alreadyExists(what: string, id: string): LlmError {
  checkArguments('alreadyExists', { what: argument.text, id: argument.text }, { what, id })
  return new LlmError('conflict', `${what} "${id}" already exists; choose another id`, { code: 'id-taken' })
}

/** `conflict` with the code `duplicate-request`: the same request already wrote this record. */
export function alreadyWritten(what: string, requestId: string): LlmError {
  checkArguments('alreadyWritten', { what: argument.text, requestId: argument.text }, { what, requestId })
  return new LlmError(
    'conflict',
    `request "${requestId}" already wrote this ${what}; read it with findByRequest`,
    { code: 'duplicate-request' },
  )
}

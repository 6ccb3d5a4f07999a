import { LlmError } from '../../core/error.ts'

/** The error of a store for what it does not hold. */
export function notFound(what: string, id: string): LlmError {
  return new LlmError('not-found', `the store holds no ${what} "${id}"; it may have been deleted`)
}

/** The error of a store for an id that is taken. */
export function alreadyExists(what: string, id: string): LlmError {
  return new LlmError('conflict', `the store holds a ${what} "${id}" already`, { code: 'id-taken' })
}

/** The error of a store for what a request has written before. */
export function alreadyWritten(what: string, requestId: string): LlmError {
  return new LlmError(
    'conflict',
    `request "${requestId}" has written this ${what} already; findByRequest gives it`,
    { code: 'duplicate-request' },
  )
}

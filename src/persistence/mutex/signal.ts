import { abortedBy, onAbort } from '../../core/abort.ts'
import { LlmError } from '../../core/error.ts'

/** Throws `aborted` where the caller has given up. */
export function checkSignal(signal: AbortSignal | undefined): void {
  const error = signal === undefined ? undefined : abortedBy({ signal })
  if (error !== undefined) throw error
}

/** The promise, or `aborted` as soon as the caller gives up; what was begun then goes on without anybody waiting. */
export function orAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const unlink = onAbort({ signal }, reject)
    promise.then(resolve, reject).finally(unlink)
  })
}

/** The error for using what is over. */
export function ended(what: 'store' | 'transaction'): LlmError {
  const hint =
    what === 'store' ? 'it was closed' : 'its work has resolved or rejected; await every call inside it'
  return new LlmError('misconfigured', `the ${what} is over: ${hint}`, { code: `${what}-over` })
}

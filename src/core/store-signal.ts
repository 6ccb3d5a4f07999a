import { abortedBy, onAbort } from './abort.ts'
import { LlmError } from './error.ts'

/** Throws `aborted` if the signal has fired. */
export function checkSignal(signal: AbortSignal | undefined): void {
  const error = signal === undefined ? undefined : abortedBy({ signal })
  if (error !== undefined) throw error
}

/** Returns the promise's result, or rejects with `aborted` as soon as the signal fires. The work itself continues. */
export function orAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const removeListener = onAbort({ signal }, reject)
    promise.then(resolve, reject).finally(removeListener)
  })
}

/** Creates the error for using a closed store or an ended transaction. */
export function ended(what: 'store' | 'transaction'): LlmError {
  const message =
    what === 'store'
      ? 'the store is closed: use it before close()'
      : 'the transaction has ended: await every call on its unit before its work resolves'
  return new LlmError('misconfigured', message, { code: `${what}-over` })
}

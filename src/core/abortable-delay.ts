import type { Call } from './call.ts'
import type { LlmError } from './error.ts'

/** Waits `ms` before the next attempt. Rejects with the error that ends the call meanwhile, with the `attempts` of `before`, the error of the last attempt. */
export function abortableDelay({ scope, clock }: Call, ms: number, before?: LlmError): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(() => {
      unlink()
      resolve()
    }, ms)
    const unlink = scope.onAbort((error) => {
      clock.clearTimer(timer)
      reject(
        before === undefined
          ? error
          : error.with({ attempts: before.attempts, cause: error.cause ?? before }),
      )
    })
  })
}

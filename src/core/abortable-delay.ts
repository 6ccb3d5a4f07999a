import type { Call } from './call.ts'
import type { LlmError } from './error.ts'

/**
 * Waits `ms` before the next attempt. Rejects with the error that ends the call meanwhile. That error gets the `attempts` of
 * `lastError`, the error of the previous attempt.
 */
export function abortableDelay({ scope, clock }: Call, ms: number, lastError?: LlmError): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(() => {
      unlink()
      resolve()
    }, ms)
    const unlink = scope.onAbort((error) => {
      clock.clearTimer(timer)
      reject(
        lastError === undefined
          ? error
          : error.with({ attempts: lastError.attempts, cause: error.cause ?? lastError }),
      )
    })
  })
}

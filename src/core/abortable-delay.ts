import type { Call } from './call.ts'
import type { LlmError } from './error.ts'

/** Waits before the next try. Rejects with what ended the call meanwhile; `attempts` are those of `before`, the error of the try before it. */
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

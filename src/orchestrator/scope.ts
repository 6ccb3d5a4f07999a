import type { CallScope } from '../core/call.ts'
import type { Clock } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import { timeoutError } from './watch.ts'

/** Opens the life of one call: it ends by the caller's signal or after `totalMs`. One listener, one timer, both released. */
export function openScope(signal: AbortSignal | undefined, totalMs: number, clock: Clock): CallScope {
  const actions = new Set<(error: LlmError) => void>()
  let error: LlmError | undefined
  let over = false
  const abort = (reason: LlmError): void => {
    if (over || error !== undefined) return
    error = reason
    release()
    for (const action of actions) action(reason)
    actions.clear()
  }
  const onSignal = (): void => abort(abortedError(signal?.reason))
  const timer = totalMs > 0 ? clock.setTimer(() => abort(timeoutError('total', totalMs)), totalMs) : undefined
  const release = (): void => {
    over = true
    if (timer !== undefined) clock.clearTimer(timer)
    signal?.removeEventListener('abort', onSignal)
  }
  if (signal?.aborted === true) onSignal()
  else signal?.addEventListener('abort', onSignal, { once: true })
  return {
    get error() {
      return error
    },
    onAbort: (action) => {
      if (error !== undefined) action(error)
      else actions.add(action)
      return () => actions.delete(action)
    },
    abort,
    release,
  }
}

/** The caller ended the call. */
export function abortedError(reason?: unknown): LlmError {
  if (LlmError.is(reason)) return reason
  const said = reason instanceof Error && reason.name !== 'AbortError' ? `: ${reason.message}` : ''
  return new LlmError('aborted', `the call was aborted by the caller${said}`, { cause: reason })
}

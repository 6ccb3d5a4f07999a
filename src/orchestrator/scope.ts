import type { CallScope } from '../core/call.ts'
import type { Clock, Timer } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import { timeoutError } from './watch.ts'

/** Opens the life of one call: it ends by the caller's signal or after `totalMs`. One listener, one timer, both released. */
export function openScope(signal: AbortSignal | undefined, totalMs: number, clock: Clock): CallScope {
  return new Scope(signal, totalMs, clock)
}

type Action = (error: LlmError) => void

class Scope implements CallScope {
  error: LlmError | undefined
  readonly deadlineAt: number | undefined
  readonly #signal: AbortSignal | undefined
  readonly #clock: Clock
  #actions: readonly Action[] = []
  readonly #timer: Timer | undefined
  #over = false

  constructor(signal: AbortSignal | undefined, totalMs: number, clock: Clock) {
    this.#signal = signal
    this.#clock = clock
    if (totalMs > 0) {
      this.deadlineAt = clock.now() + totalMs
      this.#timer = clock.setTimer(() => this.abort(timeoutError('total', totalMs)), totalMs)
    }
    if (signal?.aborted === true) this.handleEvent()
    else signal?.addEventListener('abort', this)
  }

  /** The signal's event. */
  handleEvent(): void {
    this.abort(abortedError(this.#signal?.reason))
  }

  onAbort(action: Action): () => void {
    if (this.error !== undefined) action(this.error)
    else this.#actions = [...this.#actions, action]
    return () => {
      this.#actions = this.#actions.filter((other) => other !== action)
    }
  }

  abort(error: LlmError): void {
    if (this.#over) return
    this.error = error
    this.release()
    for (const action of this.#actions) action(error)
    this.#actions = []
  }

  release(): void {
    this.#over = true
    this.#clock.clearTimer(this.#timer)
    this.#signal?.removeEventListener('abort', this)
  }
}

/** The caller ended the call. */
export function abortedError(reason?: unknown): LlmError {
  if (LlmError.is(reason)) return reason
  const said = reason instanceof Error && reason.name !== 'AbortError' ? `: ${reason.message}` : ''
  return new LlmError('aborted', `the call was aborted by the caller${said}`, { cause: reason })
}

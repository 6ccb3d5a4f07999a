import { abortedError } from './abort.ts'
import type { LlmError } from './error.ts'
import type { HeapItem } from './heap.ts'
import { callSafely } from './host-function.ts'
import type { CallScope, ParentScope } from './lifetime.ts'
import { timeoutError } from './timeout-error.ts'

type Action = (error: LlmError) => void

/** The lifetime of one call: aborted by the caller's signal, or after `totalMs` (0: no limit). Removes its listener at the end. */
export class Scope implements CallScope, HeapItem {
  error: LlmError | undefined
  deadlineAt: number
  /** Clock time at which the call must be ended, in ms; `Infinity` after that. */
  dueAt: number
  heapIndex = -1
  passed = 0
  slotOf: object | undefined
  readonly #signal: AbortSignal | undefined
  #totalMs: number
  #actions: readonly Action[] = []
  #over = false
  #unfollow: (() => void) | undefined

  constructor(signal: AbortSignal | undefined, totalMs: number, now: number) {
    this.#signal = signal
    this.#totalMs = totalMs
    this.deadlineAt = totalMs > 0 ? now + totalMs : Infinity
    this.dueAt = this.deadlineAt
    if (signal?.aborted === true) this.handleEvent()
    else signal?.addEventListener('abort', this)
  }

  /** Ends this call with another: at its abort, and at its deadline at the latest. */
  follow(other: ParentScope): void {
    const { deadlineAt = Infinity } = other
    if (deadlineAt < this.deadlineAt) this.deadlineAt = this.dueAt = deadlineAt
    this.#unfollow = other.onAbort((error) => this.abort(error))
  }

  /** Sets the deadline of a scope that has none: `totalMs` from now; 0 sets none. */
  limit(totalMs: number, now: number): void {
    this.#totalMs = totalMs
    if (totalMs > 0) this.deadlineAt = this.dueAt = Math.min(this.deadlineAt, now + totalMs)
  }

  /** Called by the signal when it aborts. */
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

  /** Ends the call with a `timeout` of phase `total`. */
  expire(): void {
    this.abort(timeoutError('total', this.#totalMs))
  }

  abort(error: LlmError): void {
    if (this.#over) return
    this.error = error
    this.release()
    const actions = this.#actions
    this.#actions = []
    // One of a stage of the application may throw, and the others release what the call holds.
    for (const action of actions) callSafely(() => action(error))
  }

  release(): void {
    this.#over = true
    this.#signal?.removeEventListener('abort', this)
    this.#unfollow?.()
  }
}

import { onAbort } from '../core/abort.ts'
import type { Clock } from '../core/clock.ts'
import type { LlmError } from '../core/error.ts'
import { Deadlines } from './deadlines.ts'
import { RequestIndex } from './request-index.ts'
import type { WaitingCall } from './waiting-call.ts'

/** What ends a wait early. Each call is still in the set when its handler runs. */
export interface WaitHandlers {
  readonly expire: (call: WaitingCall) => void
  readonly abort: (call: WaitingCall, error: LlmError) => void
}

/** The calls that wait, in order of arrival, with their timeouts and abort listeners. */
export class WaitingCalls {
  readonly #calls: Set<WaitingCall> = new Set()
  readonly #index = new RequestIndex()
  readonly #deadlines: Deadlines
  readonly #abort: WaitHandlers['abort']

  constructor(clock: Clock, { expire, abort }: WaitHandlers) {
    this.#deadlines = new Deadlines(clock, expire)
    this.#abort = abort
  }

  get size(): number {
    return this.#calls.size
  }

  get oldest(): WaitingCall | undefined {
    const [oldest] = this.#calls
    return oldest
  }

  all(): WaitingCall[] {
    return [...this.#calls]
  }

  byRequest(requestId: string): WaitingCall[] {
    return this.#index.all(requestId)
  }

  has(call: WaitingCall): boolean {
    return this.#calls.has(call)
  }

  add(call: WaitingCall): void {
    this.#calls.add(call)
    this.#index.add(call)
    this.#deadlines.add(call)
    call.removeListener = onAbort(call.job, (error) => this.#abort(call, error))
  }

  remove(call: WaitingCall): void {
    if (!this.#calls.delete(call)) return
    this.#index.remove(call)
    this.#deadlines.remove(call)
    call.removeListener()
  }
}

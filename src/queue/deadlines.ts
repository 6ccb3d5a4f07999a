import type { Clock, Timer } from '../core/clock.ts'
import { Heap } from '../core/heap.ts'
import type { WaitingCall } from './waiting-call.ts'

/** Calls `expire` for every waiting call whose `timeoutAt` has passed. Uses one timer, and none if no call waits. */
export class Deadlines {
  readonly #clock: Clock
  readonly #expire: (call: WaitingCall) => void
  readonly #calls: Heap<WaitingCall> = new Heap((one, other) => one.timeoutAt < other.timeoutAt)
  #timer: Timer | undefined
  #firesAt = 0

  constructor(clock: Clock, expire: (call: WaitingCall) => void) {
    this.#clock = clock
    this.#expire = expire
  }

  add(call: WaitingCall): void {
    if (call.timeoutAt === Infinity) return
    this.#calls.add(call)
    this.#arm()
  }

  remove(call: WaitingCall): void {
    this.#calls.remove(call)
    if (this.#calls.size > 0) return
    this.#clock.clearTimer(this.#timer)
    this.#timer = undefined
  }

  // A timer that fires too early is set again, because that is cheaper than a new timer for every call.
  #arm(): void {
    const next = this.#calls.peek()
    if (next === undefined || (this.#timer !== undefined && this.#firesAt <= next.timeoutAt)) return
    this.#clock.clearTimer(this.#timer)
    this.#firesAt = next.timeoutAt
    const delayMs = Math.max(0, Math.ceil(next.timeoutAt - this.#clock.now()))
    this.#timer = this.#clock.setTimer(() => this.#check(), delayMs)
  }

  #check(): void {
    this.#timer = undefined
    const now = this.#clock.now()
    for (
      let next = this.#calls.peek();
      next !== undefined && next.timeoutAt <= now;
      next = this.#calls.peek()
    ) {
      this.#calls.remove(next)
      this.#expire(next)
    }
    this.#arm()
  }
}

import type { Clock, Timer } from '../core/clock.ts'
import { Heap } from '../core/heap.ts'
import type { WaitingCall } from './waiting-call.ts'

/** Ends waits that have become too long. One timer for all of them, and none when nobody waits. */
export class Deadlines {
  readonly #clock: Clock
  readonly #expire: (ticket: WaitingCall) => void
  readonly #tickets: Heap<WaitingCall> = new Heap((one, other) => one.timeoutAt < other.timeoutAt)
  #timer: Timer | undefined
  #firesAt = 0

  constructor(clock: Clock, expire: (ticket: WaitingCall) => void) {
    this.#clock = clock
    this.#expire = expire
  }

  add(ticket: WaitingCall): void {
    if (ticket.timeoutAt === Infinity) return
    this.#tickets.add(ticket)
    this.#arm()
  }

  remove(ticket: WaitingCall): void {
    this.#tickets.remove(ticket)
    if (this.#tickets.size > 0) return
    this.#clock.clearTimer(this.#timer)
    this.#timer = undefined
  }

  // A timer that fires too early is set again: cheaper than a new one for every call.
  #arm(): void {
    const next = this.#tickets.peek()
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
      let next = this.#tickets.peek();
      next !== undefined && next.timeoutAt <= now;
      next = this.#tickets.peek()
    ) {
      this.#tickets.remove(next)
      this.#expire(next)
    }
    this.#arm()
  }
}

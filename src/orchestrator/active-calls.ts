import { isNodeTimer, systemClock, type Clock, type Timer } from '../core/clock.ts'
import { Heap } from '../core/heap.ts'
import type { Scope } from '../core/call-scope.ts'

/**
 * The running calls, with one timer for all their deadlines, because a timer per call would be a large part of its cost. The
 * timer is set again only for an earlier deadline.
 */
export class ActiveCalls {
  readonly #clock: Clock
  readonly #scopes: Heap<Scope> = new Heap(endsBefore)
  #timer: Timer | undefined
  #firesAt = Infinity
  /** The `setTimeout` that created the timer; a test may have replaced it since. */
  #createdBy: unknown

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Number of running calls. */
  get size(): number {
    return this.#scopes.size
  }

  add(scope: Scope): void {
    if (this.#scopes.size === 0) this.#resumeTimer()
    this.#scopes.add(scope)
    if (scope.dueAt < this.#firesAt) this.#arm(scope.dueAt)
  }

  remove(scope: Scope): void {
    this.#scopes.remove(scope)
    if (this.#scopes.size === 0) this.#idleTimer()
  }

  /** Returns the scopes of all running calls. */
  all(): readonly Scope[] {
    return this.#scopes.all()
  }

  /** Stops the timer. */
  close(): void {
    this.#clock.clearTimer(this.#timer)
    this.#forget()
  }

  #arm(at: number): void {
    this.#clock.clearTimer(this.#timer)
    this.#firesAt = at
    this.#createdBy = globalThis.setTimeout
    this.#timer = this.#clock.setTimer(() => this.#fire(at), Math.max(0, at - this.#clock.now()))
  }

  #fire(at: number): void {
    if (at !== this.#firesAt) return
    this.#forget()
    // Timers may fire up to 1 ms early.
    const now = this.#clock.now() + 1
    for (let first = this.#scopes.peek(); first !== undefined; first = this.#scopes.peek()) {
      if (first.dueAt > now) break
      // The call stays in the heap until it has settled.
      first.dueAt = Infinity
      this.#scopes.update(first)
      first.expire()
    }
    const next = this.#scopes.peek()
    if (next !== undefined && next.dueAt < this.#firesAt) this.#arm(next.dueAt)
  }

  // Without calls, a timer of the system clock is kept for the next call, but does not keep the process alive.
  #idleTimer(): void {
    if (this.#clock === systemClock && isNodeTimer(this.#timer)) this.#timer.unref()
    else this.close()
  }

  #resumeTimer(): void {
    if (this.#createdBy !== globalThis.setTimeout) this.#forget()
    else if (isNodeTimer(this.#timer)) this.#timer.ref()
  }

  #forget(): void {
    this.#timer = undefined
    this.#firesAt = Infinity
  }
}

function endsBefore(one: Scope, other: Scope): boolean {
  return one.dueAt < other.dueAt
}

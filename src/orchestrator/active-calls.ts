import { isNodeTimer, systemClock, type Clock, type Timer } from '../core/clock.ts'
import { Heap } from '../core/heap.ts'
import type { Scope } from '../core/call-scope.ts'

/**
 * The calls that run, and the one timer that ends those that take too long. Set again only for an earlier deadline: a
 * timer for each call would be a good part of what one costs.
 */
export class ActiveCalls {
  readonly #clock: Clock
  readonly #scopes: Heap<Scope> = new Heap(endsBefore)
  #timer: Timer | undefined
  #firesAt = Infinity
  /** What made the timer: in a test, other timers may have taken its place since. */
  #maker: unknown

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#scopes.size
  }

  add(scope: Scope): void {
    if (this.#scopes.size === 0) this.#wake()
    this.#scopes.add(scope)
    if (scope.dueAt < this.#firesAt) this.#arm(scope.dueAt)
  }

  remove(scope: Scope): void {
    this.#scopes.remove(scope)
    if (this.#scopes.size === 0) this.#rest()
  }

  /** All of them, to be ended. */
  all(): readonly Scope[] {
    return this.#scopes.all()
  }

  /** No timer stays. */
  close(): void {
    this.#clock.clearTimer(this.#timer)
    this.#forget()
  }

  #arm(at: number): void {
    this.#clock.clearTimer(this.#timer)
    this.#firesAt = at
    this.#maker = globalThis.setTimeout
    this.#timer = this.#clock.setTimer(() => this.#fire(at), Math.max(0, at - this.#clock.now()))
  }

  #fire(at: number): void {
    if (at !== this.#firesAt) return
    this.#forget()
    // Timers may be early by less than a millisecond.
    const now = this.#clock.now() + 1
    for (let first = this.#scopes.peek(); first !== undefined; first = this.#scopes.peek()) {
      if (first.dueAt > now) break
      // It runs until it has settled.
      first.dueAt = Infinity
      this.#scopes.update(first)
      first.expire()
    }
    const next = this.#scopes.peek()
    if (next !== undefined && next.dueAt < this.#firesAt) this.#arm(next.dueAt)
  }

  // Nothing runs: the timer of the process's own clock stays for the next call, but holds the process up no longer.
  #rest(): void {
    if (this.#clock === systemClock && isNodeTimer(this.#timer)) this.#timer.unref()
    else this.close()
  }

  #wake(): void {
    if (this.#maker !== globalThis.setTimeout) this.#forget()
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

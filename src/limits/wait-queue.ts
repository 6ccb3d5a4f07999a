import type { Clock, Timer } from '../core/clock.ts'
import type { LlmError } from '../core/error.ts'
import { Heap, type HeapItem } from '../core/heap.ts'

/** A bucket that a waiting call has booked, and from when on it has paid. */
export interface BucketDebt {
  readonly key: string
  /** Moment of the clock. */
  readonly at: number
  /** How much earlier those behind come to their turn when this call leaves, in milliseconds. */
  readonly costMs: number
}

/** A call that has booked its place in every bucket and waits until all of them have paid. */
export interface WaitingCall {
  readonly debts: readonly BucketDebt[]
  /** Its turn has come; it is out of the room. */
  readonly start: () => void
  /** It will not have its turn. */
  readonly end: (error: LlmError) => void
}

/** One waiter's place in the line of one bucket. */
interface Place {
  readonly waiter: WaitingCall
  readonly line: Line
  readonly costMs: number
  /** How much later than the place before it, in milliseconds. Places move together, so only this is kept. */
  gapMs: number
  before: Place | undefined
  behind: Place | undefined
}

interface Line extends HeapItem {
  readonly key: string
  first: Place | undefined
  last: Place | undefined
  firstAt: number
  lastAt: number
}

// Sums of doubles are off by some 1e-9; nobody should wait another millisecond for that.
const TOLERANCE_MS = 1e-3

/**
 * Calls that wait for their turn, in one line per bucket. A turn is computed when the call comes, and moves forward when
 * something is given back before it. One timer, for the next turn, and none when nobody waits.
 */
export class WaitQueue {
  readonly #clock: Clock
  /** What each waiter still waits for. */
  readonly #waiters: Map<WaitingCall, Set<Place>> = new Map()
  readonly #lines: Map<string, Line> = new Map()
  readonly #next: Heap<Line> = new Heap((one, other) => one.firstAt < other.firstAt)
  #timer: Timer | undefined
  #firesAt = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#waiters.size
  }

  add(waiter: WaitingCall): void {
    this.#waiters.set(waiter, new Set(waiter.debts.map((due) => this.#lineUp(waiter, due))))
    this.#arm()
  }

  /** Takes a call out before its turn, and lets those behind it move forward. The keys of the lines that it leaves. */
  remove(waiter: WaitingCall): string[] {
    const places = [...(this.#waiters.get(waiter) ?? [])]
    this.#waiters.delete(waiter)
    for (const place of places) this.#leave(place, place.costMs)
    this.#arm()
    return places.map(({ line }) => line.key)
  }

  /** Something was given back on `key` by a call that runs: the whole line moves forward. */
  advance(key: string, byMs: number): void {
    const line = this.#lines.get(key)
    if (line === undefined) return
    line.firstAt -= byMs
    line.lastAt -= byMs
    this.#next.update(line)
    this.#arm()
  }

  /** The bucket is full again: nobody waits for it any longer. */
  free(key: string): void {
    const started: WaitingCall[] = []
    for (let place = this.#lines.get(key)?.first; place !== undefined; place = place.behind)
      this.#pay(place, started)
    this.#arm()
    for (const waiter of started) waiter.start()
  }

  /** Takes everybody out, in order. */
  clear(): WaitingCall[] {
    const all = [...this.#waiters.keys()]
    for (const waiter of all) this.remove(waiter)
    return all
  }

  #lineUp(waiter: WaitingCall, { key, at, costMs }: BucketDebt): Place {
    const line = this.#lines.get(key) ?? this.#open(key, at)
    const gapMs = Math.max(0, at - line.lastAt)
    const place: Place = { waiter, line, costMs, gapMs, before: line.last, behind: undefined }
    if (line.last === undefined) line.first = place
    else line.last.behind = place
    line.last = place
    line.lastAt += gapMs
    return place
  }

  #open(key: string, at: number): Line {
    const line: Line = { key, first: undefined, last: undefined, firstAt: at, lastAt: at, heapIndex: -1 }
    this.#lines.set(key, line)
    this.#next.add(line)
    return line
  }

  /** Takes a place out of its line; those behind it move forward by `byMs`. */
  #leave(place: Place, byMs: number): void {
    const { line, before, behind, gapMs } = place
    if (before !== undefined) before.behind = behind
    if (behind !== undefined) behind.before = before
    if (line.first === place) line.first = behind
    if (line.last === place) line.last = before
    if (line.first === undefined) {
      this.#lines.delete(line.key)
      this.#next.remove(line)
      return
    }
    if (behind === undefined) line.lastAt -= gapMs
    else {
      if (before === undefined) {
        line.firstAt += behind.gapMs - byMs
        behind.gapMs = 0
      } else behind.gapMs += gapMs - byMs
      line.lastAt -= byMs
    }
    this.#next.update(line)
  }

  /** A bucket has paid: the place is done, and the waiter too if it was the last. */
  #pay(place: Place, started: WaitingCall[]): void {
    this.#leave(place, 0)
    const places = this.#waiters.get(place.waiter)
    places?.delete(place)
    if (places?.size !== 0) return
    this.#waiters.delete(place.waiter)
    started.push(place.waiter)
  }

  #arm(): void {
    const next = this.#next.peek()
    if (this.#timer !== undefined && next !== undefined && this.#firesAt === next.firstAt) return
    this.#clock.clearTimer(this.#timer)
    this.#timer = undefined
    if (next === undefined) return
    this.#firesAt = next.firstAt
    // Rounded up: a timer cuts fractions off and would fire before the turn.
    const delayMs = Math.max(0, Math.ceil(next.firstAt - TOLERANCE_MS - this.#clock.now()))
    this.#timer = this.#clock.setTimer(() => this.#wake(), delayMs)
  }

  #wake(): void {
    this.#timer = undefined
    const now = this.#clock.now()
    const started: WaitingCall[] = []
    for (;;) {
      const line = this.#next.peek()
      if (line?.first === undefined || line.firstAt > now + TOLERANCE_MS) break
      this.#pay(line.first, started)
    }
    this.#arm()
    for (const waiter of started) waiter.start()
  }
}

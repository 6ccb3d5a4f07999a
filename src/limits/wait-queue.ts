import type { Clock, Timer } from '../core/clock.ts'
import type { LlmError } from '../core/error.ts'
import { Heap, type HeapItem } from '../core/heap.ts'

/** A bucket that a waiting call has charged in advance, and when it will have paid. */
export interface BucketDebt {
  readonly key: string
  /** Time of the clock in ms. */
  readonly at: number
  /** How much earlier the calls behind start if this call gives up, in ms. */
  readonly costMs: number
}

/** A call that waits until all of its buckets have paid. */
export interface WaitingCall {
  readonly debts: readonly BucketDebt[]
  /** Called when all buckets have paid. The call has left the queue. */
  readonly start: () => void
  /** Called if the call will not start. */
  readonly end: (error: LlmError) => void
}

/** A call's place in the line of one bucket. */
interface Place {
  readonly call: WaitingCall
  readonly line: Line
  readonly costMs: number
  /** Delay after the place before, in ms. Places move together, so only the difference is stored. */
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

// Sums of doubles have errors of about 1e-9, and no call should wait another millisecond for that.
const TOLERANCE_MS = 1e-3

/**
 * Calls that wait for their buckets, with one line per bucket. A start time is computed on arrival and moves forward on
 * refunds to calls before it. Uses one timer, and none if no call waits.
 */
export class WaitQueue {
  readonly #clock: Clock
  /** Places that each call still waits for. */
  readonly #calls: Map<WaitingCall, Set<Place>> = new Map()
  readonly #lines: Map<string, Line> = new Map()
  readonly #next: Heap<Line> = new Heap((one, other) => one.firstAt < other.firstAt)
  #timer: Timer | undefined
  #firesAt = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#calls.size
  }

  add(call: WaitingCall): void {
    this.#calls.set(call, new Set(call.debts.map((debt) => this.#append(call, debt))))
    this.#arm()
  }

  /** Removes a call that gives up and moves those behind it forward. Returns the keys of the lines that it left. */
  remove(call: WaitingCall): string[] {
    const places = [...(this.#calls.get(call) ?? [])]
    this.#calls.delete(call)
    for (const place of places) this.#leave(place, place.costMs)
    this.#arm()
    return places.map(({ line }) => line.key)
  }

  /** Moves a line forward, because a running call refunded to the bucket `key`. */
  advance(key: string, byMs: number): void {
    const line = this.#lines.get(key)
    if (line === undefined) return
    line.firstAt -= byMs
    line.lastAt -= byMs
    this.#next.update(line)
    this.#arm()
  }

  /** Ends all waits for a bucket, because it is full again. */
  free(key: string): void {
    const started: WaitingCall[] = []
    for (let place = this.#lines.get(key)?.first; place !== undefined; place = place.behind)
      this.#pay(place, started)
    this.#arm()
    for (const call of started) call.start()
  }

  /** Removes and returns all calls, in order. */
  clear(): WaitingCall[] {
    const all = [...this.#calls.keys()]
    for (const call of all) this.remove(call)
    return all
  }

  #append(call: WaitingCall, { key, at, costMs }: BucketDebt): Place {
    const line = this.#lines.get(key) ?? this.#open(key, at)
    const gapMs = Math.max(0, at - line.lastAt)
    const place: Place = { call, line, costMs, gapMs, before: line.last, behind: undefined }
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

  /** Removes a place from its line. Those behind it move forward by `byMs`. */
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

  /** Removes a place whose bucket has paid. The call starts if it was its last place. */
  #pay(place: Place, started: WaitingCall[]): void {
    this.#leave(place, 0)
    const places = this.#calls.get(place.call)
    places?.delete(place)
    if (places?.size !== 0) return
    this.#calls.delete(place.call)
    started.push(place.call)
  }

  #arm(): void {
    const next = this.#next.peek()
    if (this.#timer !== undefined && next !== undefined && this.#firesAt === next.firstAt) return
    this.#clock.clearTimer(this.#timer)
    this.#timer = undefined
    if (next === undefined) return
    this.#firesAt = next.firstAt
    // Rounded up, because a timer drops fractions and would fire too early.
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
    for (const call of started) call.start()
  }
}

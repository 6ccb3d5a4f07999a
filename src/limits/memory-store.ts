import { argument, checkArguments } from '../core/check-arguments.ts'
import { systemClock, type Clock } from '../core/clock.ts'
import { periodAt, type Period } from './period.ts'
import type {
  BucketCharge,
  BucketDelta,
  CounterCharge,
  CounterDelta,
  LimitStore,
  StoreGrant,
  StoreReading,
  StoreRefusal,
  StoreRequest,
} from './store.ts'

/** A limit store in memory, whose methods return at once. */
export interface MemoryLimitStore extends LimitStore {
  reserve(request: StoreRequest): StoreGrant | StoreRefusal
  settle(buckets: readonly BucketDelta[], counters: readonly CounterDelta[]): readonly number[]
  read(buckets: readonly BucketCharge[], counters: readonly CounterCharge[]): StoreReading
  reset(keys: readonly string[]): void
  /** Number of buckets and counters kept. Idle ones are dropped as new ones arrive, without a timer. */
  readonly keys: number
}

/** Buckets and counters by key. A store that receives such a state changes it in place. */
export interface MemoryLimitState {
  readonly buckets: Map<string, BucketState>
  readonly counters: Map<string, CounterState>
}

/** Creates a limit store in the memory of this process. */
export function createMemoryLimitStore(
  clock: Clock = systemClock,
  state: MemoryLimitState = { buckets: new Map(), counters: new Map() },
): MemoryLimitStore {
  checkArguments(
    'createMemoryLimitStore',
    { clock: argument.object, state: argument.object },
    { clock, state },
  )
  checkArguments('createMemoryLimitStore', { buckets: argument.object, counters: argument.object }, state)
  return new MemoryStore(clock, state)
}

/** A bucket that is not full. */
export interface BucketState {
  /** Time at which the bucket is full, in ms. This avoids rounding errors on refill. */
  fullAt: number
  /** Time since which the bucket has not been full, in ms. */
  since: number
}
/** A counter and the period that it counts, in ms since 1970. */
export interface CounterState {
  startMs: number
  endMs: number
  used: number
}

// Sums of doubles have errors of about 1e-9, and a bucket that can pay exactly now must not refuse.
const TOLERANCE_MS = 1e-4
const TOLERANCE = 1e-9
const SWEPT_PER_NEW_KEY = 3
const NO_NUMBERS: readonly number[] = []

class MemoryStore implements MemoryLimitStore {
  readonly #clock: Clock
  readonly #buckets: Map<string, BucketState>
  readonly #counters: Map<string, CounterState>
  #bucketSweep: Iterator<[string, BucketState]>
  #counterSweep: Iterator<[string, CounterState]>
  /** Buckets of the current request, so that each is looked up once. */
  readonly #found: (BucketState | undefined)[] = []

  constructor(clock: Clock, { buckets, counters }: MemoryLimitState) {
    this.#clock = clock
    this.#buckets = buckets
    this.#counters = counters
    this.#bucketSweep = buckets.entries()
    this.#counterSweep = counters.entries()
  }

  get keys(): number {
    return this.#buckets.size + this.#counters.size
  }

  reserve(request: StoreRequest): StoreGrant | StoreRefusal {
    const { buckets, counters, maxWaitMs } = request
    const now = this.#clock.now()
    let waitMs = 0
    for (let index = 0; index < buckets.length; index++) {
      const charge = buckets[index] as BucketCharge
      const bucket = this.#buckets.get(charge.key)
      this.#found[index] = bucket
      const wait = waitOf(charge, bucket, now)
      if (wait > waitMs) waitMs = wait
    }
    const epochMs = counters.length > 0 ? this.#clock.epochMs() : 0
    const affordable = counters.every((counter) => this.#canPay(counter, epochMs))
    if (!affordable || waitMs > Math.max(maxWaitMs, TOLERANCE_MS))
      return { granted: false, ...this.#reading(buckets, counters, now) }
    const waits =
      waitMs > TOLERANCE_MS
        ? buckets.map((bucket, index) => Math.max(0, waitOf(bucket, this.#found[index], now)))
        : NO_NUMBERS
    this.#chargeAll(buckets, now)
    const periods =
      counters.length > 0 ? counters.map((counter) => this.#chargeCounter(counter, epochMs)) : NO_NUMBERS
    return { granted: true, at: now, waitMs: waits === NO_NUMBERS ? 0 : waitMs, waits, periods }
  }

  settle(buckets: readonly BucketDelta[], counters: readonly CounterDelta[]): readonly number[] {
    const now = this.#clock.now()
    for (const { key, delta, period } of counters) {
      const counter = this.#counters.get(key)
      if (counter?.startMs === period) counter.used = Math.max(0, counter.used + delta)
    }
    const applied: number[] = []
    for (const bucket of buckets) {
      if (bucket.delta < 0) applied.push(this.#refund(bucket, now))
      else {
        this.#charge(bucket, bucket.delta, now)
        applied.push(bucket.delta)
      }
    }
    return applied
  }

  read(buckets: readonly BucketCharge[], counters: readonly CounterCharge[]): StoreReading {
    return this.#reading(buckets, counters, this.#clock.now())
  }

  reset(keys: readonly string[]): void {
    for (const key of keys) {
      this.#buckets.delete(key)
      this.#counters.delete(key)
    }
  }

  // Existing buckets are charged first, because adding one drops idle buckets, and a charged one is not idle.
  #chargeAll(buckets: readonly BucketCharge[], now: number): void {
    let fresh = false
    for (let index = 0; index < buckets.length; index++) {
      const { cost, refillPerMs } = buckets[index] as BucketCharge
      const bucket = this.#found[index]
      if (bucket === undefined) fresh = true
      else pay(bucket, cost / refillPerMs, now)
    }
    if (!fresh) return
    for (const [index, charge] of buckets.entries())
      if (this.#found[index] === undefined) this.#charge(charge, charge.cost, now)
  }

  #charge({ key, refillPerMs }: BucketCharge | BucketDelta, amount: number, now: number): void {
    const bucket = this.#buckets.get(key)
    if (bucket === undefined) {
      this.#buckets.set(key, { fullAt: now + amount / refillPerMs, since: now })
      this.#sweepBuckets(now)
      return
    }
    pay(bucket, amount / refillPerMs, now)
  }

  #refund({ key, refillPerMs, delta, at }: BucketDelta, now: number): number {
    const bucket = this.#buckets.get(key)
    if (bucket === undefined || bucket.fullAt <= now || bucket.since > at) return 0
    const refund = Math.max(delta, (now - bucket.fullAt) * refillPerMs)
    bucket.fullAt += refund / refillPerMs
    return refund
  }

  #canPay({ key, limit, cost }: CounterCharge, epochMs: number): boolean {
    const counter = this.#counters.get(key)
    const used = counter === undefined || isOver(counter, epochMs) ? 0 : counter.used
    return used + cost <= limit + limit * TOLERANCE
  }

  /** Charges a counter and returns the start of its period. */
  #chargeCounter({ key, per, cost }: CounterCharge, epochMs: number): number {
    const known = this.#counters.get(key)
    if (known !== undefined && !isOver(known, epochMs)) {
      known.used += cost
      return known.startMs
    }
    const span = periodAt(per, epochMs)
    this.#counters.set(key, { ...span, used: cost })
    if (known === undefined) this.#sweepCounters(epochMs)
    return span.startMs
  }

  #reading(buckets: readonly BucketCharge[], counters: readonly CounterCharge[], now: number): StoreReading {
    const available = buckets.map(({ key, capacity, refillPerMs }) => {
      const fullAt = this.#buckets.get(key)?.fullAt ?? now
      return fullAt > now ? capacity - (fullAt - now) * refillPerMs : capacity
    })
    const epochMs = counters.length > 0 ? this.#clock.epochMs() : 0
    const spans = counters.map(({ key, per }) => this.#counterNow(key, per, epochMs))
    return {
      available,
      used: spans.map(({ used }) => used),
      resetMs: spans.map(({ endMs }) => endMs - epochMs),
    }
  }

  #counterNow(key: string, per: Period, epochMs: number): CounterState {
    const known = this.#counters.get(key)
    return known !== undefined && !isOver(known, epochMs) ? known : { ...periodAt(per, epochMs), used: 0 }
  }

  // Checks a few known keys for every new one, so that idle ones are dropped as fast as new ones can arrive.
  #sweepBuckets(now: number): void {
    for (let swept = 0; swept < SWEPT_PER_NEW_KEY; swept++) {
      const next = this.#bucketSweep.next()
      if (next.done === true) {
        this.#bucketSweep = this.#buckets.entries()
        return
      }
      const [key, { fullAt }] = next.value
      if (fullAt <= now) this.#buckets.delete(key)
    }
  }

  #sweepCounters(epochMs: number): void {
    for (let swept = 0; swept < SWEPT_PER_NEW_KEY; swept++) {
      const next = this.#counterSweep.next()
      if (next.done === true) {
        this.#counterSweep = this.#counters.entries()
        return
      }
      const [key, counter] = next.value
      if (isOver(counter, epochMs)) this.#counters.delete(key)
    }
  }
}

/**
 * Whether the period is over. If the clock steps back, the period stays, unless it begins more than its own length ahead: then
 * the clock was wrong when it began.
 */
function isOver({ startMs, endMs }: CounterState, epochMs: number): boolean {
  return endMs <= epochMs || startMs - epochMs > endMs - startMs
}

/** Returns the time until the bucket can pay, in ms. It is negative if the bucket holds more than the cost. */
function waitOf(
  { capacity, refillPerMs, cost }: BucketCharge,
  bucket: BucketState | undefined,
  now: number,
): number {
  const fullAt = bucket === undefined ? now : bucket.fullAt
  return (fullAt > now ? fullAt - now : 0) + (cost - capacity) / refillPerMs
}

function pay(bucket: BucketState, refillMs: number, now: number): void {
  if (bucket.fullAt <= now) bucket.since = bucket.fullAt = now
  bucket.fullAt += refillMs
}

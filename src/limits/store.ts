import type { Period } from './period.ts'

/**
 * A charge to a token bucket. The bucket starts with `capacity`, refills continuously by `refillPerMs`, and never
 * exceeds `capacity`. A settlement may make it negative.
 */
export interface BucketCharge {
  /** Unique per layer, unit and id. The store adds its own namespace. */
  readonly key: string
  readonly capacity: number
  readonly refillPerMs: number
  /** Above 0 and at most `capacity`, because the limiter rejects larger charges. */
  readonly cost: number
}

/** A charge to a counter that starts at 0 with every calendar period (UTC). No call waits for a counter. */
export interface CounterCharge {
  readonly key: string
  readonly per: Period
  readonly limit: number
  readonly cost: number
}

/** All charges of one call, to apply atomically. */
export interface StoreRequest {
  readonly buckets: readonly BucketCharge[]
  readonly counters: readonly CounterCharge[]
  /** Maximum wait for the buckets in ms. With 0 they pay now or not at all. */
  readonly maxWaitMs: number
}

/** All charges were applied. With `waitMs` above 0 they were applied in advance, and the call must wait that long. */
export interface StoreGrant {
  readonly granted: true
  /** The store's time of the grant in ms. The settlement passes it back. */
  readonly at: number
  /** Time until every bucket has paid, in ms: the largest of `waits`. */
  readonly waitMs: number
  /** Time until each bucket has paid, in ms. Empty if `waitMs` is 0. */
  readonly waits: readonly number[]
  /** Start of the charged period of each counter, in ms since 1970. */
  readonly periods: readonly number[]
}

/** No charge was applied. */
export interface StoreRefusal {
  readonly granted: false
  /** Level of each bucket. Negative if more was charged than it held. */
  readonly available: readonly number[]
  /** Used amount of each counter in its period. */
  readonly used: readonly number[]
  /** Time until the period of each counter ends, in ms. */
  readonly resetMs: readonly number[]
}

/** A change to a bucket: `delta` above 0 charges, below 0 refunds. */
export interface BucketDelta {
  readonly key: string
  readonly capacity: number
  readonly refillPerMs: number
  readonly delta: number
  /** `at` of the grant. */
  readonly at: number
}

/**
 * A change to a counter. It applies only if the counter still counts the period of the grant, and never goes below 0.
 */
export interface CounterDelta {
  readonly key: string
  readonly per: Period
  readonly delta: number
  /** Start of the charged period, from the grant. */
  readonly period: number
}

/** The current levels of buckets and counters. */
export interface StoreReading {
  readonly available: readonly number[]
  readonly used: readonly number[]
  readonly resetMs: readonly number[]
}

/**
 * Stores buckets and counters. The memory store returns at once; a store over a network returns a promise and needs one
 * round trip per method. Time is the store's own: no caller sends its clock, and a clock that steps back credits
 * nothing.
 *
 * The contract, which `limitStoreLaws` of `llm-switchyard/testing` checks:
 * - `reserve` charges all or none. A refusal changes nothing, not even the time of a bucket.
 * - A bucket pays if `available >= cost`. With `maxWaitMs` it may also pay later, in the order of the calls.
 * - Refill is exact however often it is read, because a bucket stores when it will be full, not a rounded level.
 * - `settle` with a delta above 0 always charges, even below zero. A refund never exceeds what fills the bucket. It has
 *   no effect if the bucket was full at any time since `at`, because refill has already paid that reservation.
 * - A full bucket equals an absent one, so the store may drop it.
 */
export interface LimitStore {
  reserve(request: StoreRequest): StoreGrant | StoreRefusal | Promise<StoreGrant | StoreRefusal>
  /** Returns the part of each bucket's `delta` that took effect. */
  settle(
    buckets: readonly BucketDelta[],
    counters: readonly CounterDelta[],
  ): readonly number[] | Promise<readonly number[]>
  /** Changes nothing, and ignores `cost`. */
  read(
    buckets: readonly BucketCharge[],
    counters: readonly CounterCharge[],
  ): StoreReading | Promise<StoreReading>
  /** Makes these buckets full and these counters zero. */
  reset(keys: readonly string[]): void | Promise<void>
  /** Closes connections that the store opened itself. */
  close?(): Promise<void>
}

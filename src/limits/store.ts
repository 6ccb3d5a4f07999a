import type { Period } from './period.ts'

/**
 * A token bucket, and what is taken from it. It holds `capacity` when untouched, refills by `refillPerMs` without
 * steps, and is never fuller than `capacity`; settlement may take it below zero.
 */
export interface BucketCharge {
  /** Unique per layer, unit and id; the store adds its own namespace. */
  readonly key: string
  readonly capacity: number
  readonly refillPerMs: number
  /** Above 0 and at most `capacity`: the limiter refuses what can never pass. */
  readonly cost: number
}

/** A counter that starts at 0 with every calendar period (UTC), and what is added to it. Never waited for. */
export interface CounterCharge {
  readonly key: string
  readonly per: Period
  readonly limit: number
  readonly cost: number
}

/** Everything one call has to pay, in one step. */
export interface StoreRequest {
  readonly buckets: readonly BucketCharge[]
  readonly counters: readonly CounterCharge[]
  /** How long the call would wait for its buckets. 0: it pays now or not at all. */
  readonly maxWaitMs: number
}

/** All was taken. With `waitMs` above 0 it was taken in advance: the call may start that much later. */
export interface StoreGrant {
  readonly granted: true
  /** The store's own time of the step, in milliseconds; settlement gives it back. */
  readonly at: number
  /** Until every bucket has paid, in milliseconds: the largest of `waits`. */
  readonly waitMs: number
  /** Per bucket: until it has paid. Empty where `waitMs` is 0. */
  readonly waits: readonly number[]
  /** Per counter: the start of the period it was charged to, in milliseconds since 1970. */
  readonly periods: readonly number[]
}

/** Nothing was taken, nowhere. */
export interface StoreRefusal {
  readonly granted: false
  /** Per bucket: what it holds; below 0 where more was taken than there was. */
  readonly available: readonly number[]
  /** Per counter: what this period has used. */
  readonly used: readonly number[]
  /** Per counter: until its period ends, in milliseconds. */
  readonly resetMs: readonly number[]
}

/** Takes more from a bucket (`delta` above 0), or gives back. */
export interface BucketDelta {
  readonly key: string
  readonly capacity: number
  readonly refillPerMs: number
  readonly delta: number
  /** `at` of the grant that is settled. */
  readonly at: number
}

/** Adds to a counter, or takes back, if it still counts the period of the grant. It never goes below 0. */
export interface CounterDelta {
  readonly key: string
  readonly per: Period
  readonly delta: number
  /** Start of the period that the grant was charged to. */
  readonly period: number
}

/** What buckets and counters hold now. */
export interface StoreReading {
  readonly available: readonly number[]
  readonly used: readonly number[]
  readonly resetMs: readonly number[]
}

/**
 * Keeps buckets and counters. The memory store answers at once; a store over a network answers with a promise and
 * needs one round trip per verb. Time is the store's own: no caller sends its clock, and a clock that steps back
 * credits nothing.
 *
 * Laws, which `limitStoreLaws` of `llm-switchyard/testing` checks:
 * - `reserve` takes from all or from none, and a refusal changes nothing, not even the time of a bucket.
 * - A bucket pays when `available >= cost`; with `maxWaitMs` it may also pay later, in the order of the calls.
 * - Refill is exact at any polling: a bucket keeps the moment at which it will be full, not a rounded level.
 * - `settle` with a delta above 0 always takes, also below zero. Given back is at most what makes the bucket full,
 *   and nothing where the bucket was full at any time since `at`: refill has paid that reservation already.
 * - A bucket that is full is the same as none, so it may be forgotten.
 */
export interface LimitStore {
  reserve(request: StoreRequest): StoreGrant | StoreRefusal | Promise<StoreGrant | StoreRefusal>
  /** Per bucket: the part of `delta` that took effect. */
  settle(
    buckets: readonly BucketDelta[],
    counters: readonly CounterDelta[],
  ): readonly number[] | Promise<readonly number[]>
  /** Changes nothing. `cost` is not read. */
  read(
    buckets: readonly BucketCharge[],
    counters: readonly CounterCharge[],
  ): StoreReading | Promise<StoreReading>
  /** Forgets these buckets and counters: full again, and unused. */
  reset(keys: readonly string[]): void | Promise<void>
  /** Releases connections that the store opened itself. */
  close?(): Promise<void>
}

import type { LimitUnit } from './config.ts'
import type { Period } from './period.ts'
import type { BucketEntry, CounterEntry } from './reservation.ts'
import type { StoreReading } from './store.ts'
import type { UserStats } from './user-stats.ts'

/** The current state of one bucket. */
export interface BucketSnapshot {
  readonly scope: string
  readonly unit: 'requests' | 'tokens'
  /** Limit per minute. */
  readonly limit: number
  readonly capacity: number
  /** Negative if calls used more than they reserved, or if calls already wait. */
  readonly available: number
  /** Time until the bucket is full, in ms. */
  readonly fullInMs: number
}

/** The current state of one budget. */
export interface BudgetSnapshot {
  readonly scope: string
  readonly unit: LimitUnit
  readonly per: Period
  readonly limit: number
  /** Includes the reservations of running calls. */
  readonly used: number
  /** Time until the period ends, in ms. */
  readonly resetsInMs: number
}

/** The current state of everything that applies to some ids. */
export interface LimitSnapshot {
  readonly buckets: readonly BucketSnapshot[]
  readonly budgets: readonly BudgetSnapshot[]
  /** Statistics of the user, if an id was given and the user is known. */
  readonly user?: UserStats | undefined
}

interface SnapshotParts {
  readonly buckets: readonly BucketEntry[]
  readonly counters: readonly CounterEntry[]
  readonly reading: StoreReading
  readonly user: UserStats | undefined
}

/** Converts a store's reading to the terms of the config. */
export function describeLimits({ buckets, counters, reading, user }: SnapshotParts): LimitSnapshot {
  return {
    buckets: buckets.map(({ rule, capacity, refillPerMs }, index) => {
      const { scope, unit, limit } = rule
      const available = reading.available[index] ?? capacity
      const fullInMs = Math.max(0, Math.ceil((capacity - available) / refillPerMs))
      return { scope, unit, limit, capacity, available, fullInMs }
    }),
    budgets: counters.map(({ rule, limit, per }, index) => {
      const { scope, unit } = rule
      return {
        scope,
        unit,
        per,
        limit,
        used: reading.used[index] ?? 0,
        resetsInMs: reading.resetMs[index] ?? 0,
      }
    }),
    user,
  }
}

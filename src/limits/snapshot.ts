import type { LimitUnit } from './config.ts'
import type { Period } from './period.ts'
import type { BucketEntry, CounterEntry } from './reservation.ts'
import type { StoreReading } from './store.ts'
import type { UserStats } from './user-stats.ts'

/** One bucket, now. */
export interface BucketSnapshot {
  readonly scope: string
  readonly unit: 'requests' | 'tokens'
  /** Per minute. */
  readonly limit: number
  readonly capacity: number
  /** Below 0 where calls used more than was reserved for them, or wait already. */
  readonly available: number
  /** Until it is full, in milliseconds. */
  readonly fullInMs: number
}

/** One budget, now. */
export interface BudgetSnapshot {
  readonly scope: string
  readonly unit: LimitUnit
  readonly per: Period
  readonly limit: number
  /** Reservations of running calls included. */
  readonly used: number
  /** Until the period ends, in milliseconds. */
  readonly resetsInMs: number
}

/** What applies to some ids, now. */
export interface LimitSnapshot {
  readonly buckets: readonly BucketSnapshot[]
  readonly budgets: readonly BudgetSnapshot[]
  /** What the user did, where one was named and is known. */
  readonly user?: UserStats | undefined
}

interface SnapshotParts {
  readonly buckets: readonly BucketEntry[]
  readonly counters: readonly CounterEntry[]
  readonly reading: StoreReading
  readonly user: UserStats | undefined
}

/** A store's reading in the words of the config. */
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

import { optionsSchema } from '../core/options.ts'
import {
  anyOf,
  count,
  milliseconds,
  orInfinity,
  positiveCount,
  recordOf,
  withMethods,
  type Group,
} from '../core/schema.ts'
import type { SlotStore } from './slot-store.ts'

/** Priority of a call. */
export type Priority = 'critical' | 'high' | 'normal' | 'low'

/** All priorities, the most urgent first. */
export const priorities: readonly Priority[] = ['critical', 'high', 'normal', 'low']

/** Options of the queue. */
export interface QueueConfig {
  /** Maximum number of running calls. Default 10. */
  readonly concurrency?: number | undefined
  /** Maximum number of waiting calls; further calls are rejected. Default 100; 0 turns waiting off. */
  readonly maxPending?: number | undefined
  /** Maximum wait in ms. Default 300 000; 0 means no maximum. A call that has waited longer never runs. */
  readonly timeoutMs?: number | undefined
  /** Maximum number of running calls per provider: one number for all, or a number by provider. Default: off. */
  readonly perProvider?: number | Readonly<Record<string, number>> | undefined
  /** Maximum number of running calls per user, for calls that carry a user. Default: off. */
  readonly perUser?: number | undefined
  /**
   * Counts `concurrency`, `perProvider` and `perUser` over all processes. Each process still orders its own waiting
   * calls. Default: every process counts for itself.
   */
  readonly slots?: SlotStore | undefined
  /**
   * Bound in ms within which a call of any priority starts, however many more urgent calls arrive. After half of it,
   * every second free slot goes to the call that has waited longest. Default 15 000; 0 makes priority strict.
   */
  readonly agingMs?: number | undefined
}

/** A checked config with defaults. */
export type QueueSettings = Required<Omit<QueueConfig, 'slots'>> & {
  readonly perProvider: number | Readonly<Record<string, number>>
  readonly slots: SlotStore | undefined
}

const DEFAULTS = {
  concurrency: 10,
  maxPending: 100,
  timeoutMs: 300_000,
  perProvider: {},
  perUser: Infinity,
  slots: undefined,
  agingMs: 15_000,
}

/** The schema of {@link QueueConfig}. */
export const queueSchema: Group = optionsSchema<QueueConfig>()(() => ({
  concurrency: positiveCount,
  maxPending: orInfinity(count),
  timeoutMs: milliseconds,
  perProvider: anyOf(positiveCount, {
    ...recordOf(positiveCount),
    expected: 'such numbers by provider',
  }),
  perUser: orInfinity(positiveCount),
  slots: withMethods('take', 'onFree'),
  agingMs: milliseconds,
}))

/** A checked config with its defaults filled in. */
export function readQueueConfig(config: QueueConfig): QueueSettings {
  const given = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined))
  return { ...DEFAULTS, ...given }
}

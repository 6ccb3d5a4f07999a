import type { Clock } from '../../core/clock.ts'
import { optionsSchema } from '../../core/options.ts'
import { clockField } from '../../core/port-fields.ts'
import { callable, milliseconds, type Group } from '../../core/schema.ts'

/** Options of `createMemoryStore`. */
export interface MemoryStoreOptions {
  /** Source of times. Default: the system clock. */
  readonly clock?: Clock | undefined
  /** Creates ids for records without one. Default: random UUIDs. */
  readonly newId?: (() => string) | undefined
  /** Maximum wait in ms for another transaction to end. Default 10 000. */
  readonly waitMs?: number | undefined
}

/** The schema of {@link MemoryStoreOptions}. */
export const memoryStoreSchema: Group = optionsSchema<MemoryStoreOptions>()(() => ({
  clock: clockField,
  newId: callable,
  waitMs: milliseconds,
}))

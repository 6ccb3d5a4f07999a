import type { Clock } from '../../core/clock.ts'
import { optionsSchema } from '../../core/options.ts'
import { clockField } from '../../core/port-fields.ts'
import { nonEmptyText, oneOf, positiveMilliseconds, required, type Group } from '../../core/schema.ts'

/** Options of `createFileLimitStore`. */
export interface FileLimitStoreOptions {
  /** Folder with one small file per limit in use. The store creates it if it is missing; use it for nothing else. */
  readonly directory: string
  /**
   * What to do if the folder cannot be read or written. `fail-open` (default) keeps the same limits in this process
   * alone. `fail-closed` rejects every call with `overloaded`, code `limit-store-down`.
   */
  readonly onDown?: 'fail-open' | 'fail-closed' | undefined
  /** Age in ms at which the lock of a crashed process is broken. Default 5 000. */
  readonly lockMs?: number | undefined
  readonly clock?: Clock | undefined
}

/** The schema of {@link FileLimitStoreOptions}. */
export const fileLimitStoreSchema: Group = optionsSchema<FileLimitStoreOptions>()(() => ({
  directory: required(nonEmptyText),
  onDown: oneOf('fail-open', 'fail-closed'),
  lockMs: positiveMilliseconds,
  clock: clockField,
}))

import type { Clock } from '../../core/clock.ts'
import { optionsSchema } from '../../core/options.ts'
import { clockField } from '../../core/port-fields.ts'
import { nonEmptyText, oneOf, positiveMilliseconds, required, type Group } from '../../core/schema.ts'

/** Options of `createFileLimitStore`. */
export interface FileLimitStoreOptions {
  /** Folder of the file `limits.db`. The store creates both if they are missing. */
  readonly directory: string
  /**
   * What to do if the file cannot be read or written. `fail-open` (default) keeps the same limits in this process
   * alone. `fail-closed` rejects every call with `overloaded`, code `limit-store-down`.
   */
  readonly onDown?: 'fail-open' | 'fail-closed' | undefined
  /** Maximum wait in ms for another process that writes. After it the file counts as unusable. Default 5 000. */
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

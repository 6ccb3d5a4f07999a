import { optionsSchema } from '../../core/options.ts'
import { milliseconds, nonEmptyText, oneOf, type Group } from '../../core/schema.ts'
import { executorField, sqlStoreRows, type SqlExecutor, type SqlStoreOptions } from '../sql/index.ts'
import { prefixField } from './dialect.ts'

/** Options of `createSqliteStore`. */
export interface SqliteStoreOptions extends SqlStoreOptions {
  /**
   * Path of the file, created if it is missing; its folder must exist. `:memory:` keeps nothing. Default `chats.db`.
   */
  readonly path?: string | undefined
  /**
   * Runs the statements on another driver than `node:sqlite`. `path`, `busyTimeoutMs` and `synchronous` are then
   * ignored.
   */
  readonly executor?: SqlExecutor | undefined
  /** Prefix of every table name. Default `switchyard_`. */
  readonly prefix?: string | undefined
  /** Maximum wait in ms for other processes and other transactions. Default 10 000. */
  readonly busyTimeoutMs?: number | undefined
  /**
   * How durable a write is. `normal` (default) survives a crash of the process; a power cut may lose the last moments.
   * `full` survives that too, but every write waits for the disk.
   */
  readonly synchronous?: 'normal' | 'full' | undefined
}

/** The schema of {@link SqliteStoreOptions}. */
export const sqliteStoreSchema: Group = optionsSchema<SqliteStoreOptions>()(() => ({
  ...sqlStoreRows(),
  path: nonEmptyText,
  executor: executorField,
  prefix: prefixField,
  busyTimeoutMs: milliseconds,
  synchronous: oneOf('normal', 'full'),
}))

import { systemClock } from '../core/clock.ts'
import { createSqlStore, type SqlExecutor, type SqlStore, type SqlStoreOptions } from './sql/index.ts'
import { nodeDriver, sqliteDialect } from './sqlite/index.ts'

export type {
  MigrationReport,
  SqlExecutor,
  SqlRow,
  SqlSession,
  SqlStore,
  SqlStoreOptions,
  SqlValue,
} from './sql/index.ts'

/** Options of {@link createSqliteStore}. */
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

/**
 * Creates a chat store in one SQLite file through Node's own `node:sqlite`, with nothing to install. Several processes
 * may use the file at the same time.
 *
 * ```ts
 * const store = createSqliteStore({ path: 'chats.db' })
 * ```
 */
export function createSqliteStore(options: SqliteStoreOptions = {}): SqlStore {
  const {
    path = 'chats.db',
    prefix = 'switchyard_',
    busyTimeoutMs = 10_000,
    synchronous = 'normal',
  } = options
  const { clock = systemClock, executor } = options
  const driver = executor ?? nodeDriver({ path, clock, busyTimeoutMs, synchronous })
  return createSqlStore(driver, sqliteDialect(prefix), options)
}

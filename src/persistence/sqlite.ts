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
  /** The file, which is made where there is none; its folder must exist. `:memory:` keeps nothing. */
  readonly path?: string | undefined
  /** Another driver instead of `node:sqlite`; `path`, `busyTimeoutMs` and `synchronous` are then the driver's matter. */
  readonly executor?: SqlExecutor | undefined
  /** What the name of every table begins with. Default `switchyard_`. */
  readonly prefix?: string | undefined
  /** Longest wait for other processes and other transactions, in milliseconds. Default 10 000. */
  readonly busyTimeoutMs?: number | undefined
  /**
   * `normal` (default): what was acknowledged outlives a crash of the process; a power cut may take the last moments.
   * `full`: it outlives that too, and every write waits for the disk.
   */
  readonly synchronous?: 'normal' | 'full' | undefined
}

/**
 * Keeps conversations in one SQLite file, through Node's own `node:sqlite`: nothing to install. Several processes may
 * use the file at once.
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

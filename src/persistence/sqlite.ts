import { systemClock } from '../core/clock.ts'
import { checkOptions } from '../core/options.ts'
import { createSqlStore, type SqlStore } from './sql/index.ts'
import { nodeDriver, sqliteDialect, sqliteStoreSchema, type SqliteStoreOptions } from './sqlite/index.ts'

export type { SqliteStoreOptions } from './sqlite/index.ts'

export type {
  MigrationReport,
  SqlExecutor,
  SqlRow,
  SqlSession,
  SqlStore,
  SqlStoreOptions,
  SqlValue,
} from './sql/index.ts'

/**
 * Creates a chat store in one SQLite file through Node's own `node:sqlite`, with nothing to install. Several processes
 * may use the file at the same time.
 *
 * ```ts
 * const store = createSqliteStore({ path: 'chats.db' })
 * ```
 */
export function createSqliteStore(options: SqliteStoreOptions = {}): SqlStore {
  checkOptions('createSqliteStore', sqliteStoreSchema, options)
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

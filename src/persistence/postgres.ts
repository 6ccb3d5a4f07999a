import { LlmError } from '../core/error.ts'
import { openPool, type OwnPool, poolExecutor, postgresDialect, type PgPool } from './postgres/index.ts'
import { createSqlStore, type SqlExecutor, type SqlStore, type SqlStoreOptions } from './sql/index.ts'

export type { PgClient, PgPool, PgStatement } from './postgres/index.ts'
export type {
  MigrationReport,
  SqlExecutor,
  SqlRow,
  SqlSession,
  SqlStore,
  SqlStoreOptions,
  SqlValue,
} from './sql/index.ts'

/** Options of {@link createPostgresStore}. Give one of `connectionString`, `pool` and `executor`. */
export interface PostgresStoreOptions extends SqlStoreOptions {
  /**
   * `postgres://user:password@host/database`. The store creates a pool with the package `pg`, and ends it on `close()`.
   */
  readonly connectionString?: string | undefined
  /** Maximum number of connections of the pool made from `connectionString`. Default 10. */
  readonly maxConnections?: number | undefined
  /** A pool of `pg` that the application creates and ends. The application must listen to its `error` events. */
  readonly pool?: PgPool | undefined
  /**
   * Whether statements are prepared on the server, which is faster. Leave it off behind a pooler that gives each
   * transaction another connection, such as PgBouncer before 1.21 in transaction mode. Default: off.
   */
  readonly prepare?: boolean | undefined
  /** Runs the statements on any other driver. */
  readonly executor?: SqlExecutor | undefined
  /** Schema of the tables, created if it is missing. Default `switchyard`. */
  readonly schema?: string | undefined
}

/**
 * Creates a chat store in PostgreSQL (13 or newer), for any number of processes. Throws `misconfigured` if none of
 * `connectionString`, `pool` and `executor` is given.
 *
 * ```ts
 * const store = createPostgresStore({ connectionString: process.env.DATABASE_URL })
 * ```
 */
export function createPostgresStore(options: PostgresStoreOptions): SqlStore {
  const { schema = 'switchyard' } = options
  return createSqlStore(executorOf(options), postgresDialect(schema), options)
}

function executorOf({
  connectionString,
  maxConnections = 10,
  prepare = false,
  pool,
  executor,
}: PostgresStoreOptions): SqlExecutor {
  if (executor !== undefined) return executor
  if (pool !== undefined) return poolExecutor(async () => pool, { prepare })
  if (connectionString === undefined || connectionString === '')
    throw new LlmError(
      'misconfigured',
      'postgres: the store has no database: give connectionString, pool or executor',
      {
        issues: [{ path: 'connectionString', message: 'is missing' }],
      },
    )
  let own: Promise<OwnPool> | undefined
  const open = (): Promise<OwnPool> => {
    own ??= openPool({ connectionString, max: maxConnections })
    return own
  }
  return poolExecutor(open, { prepare, close: async () => (await own)?.end() })
}

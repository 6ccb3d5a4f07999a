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
  /** `postgres://user:password@host/database`: the store makes a pool with the package `pg`, and ends it. */
  readonly connectionString?: string | undefined
  /** With `connectionString`: the most connections at once. Default 10. */
  readonly maxConnections?: number | undefined
  /** A pool of `pg` that the host has made, and ends. It must listen to the pool's `error` events. */
  readonly pool?: PgPool | undefined
  /**
   * Has the server keep statements parsed and planned, which is faster. Not behind a pooler that gives each transaction
   * another connection (PgBouncer in transaction mode before 1.21). Default false.
   */
  readonly prepare?: boolean | undefined
  /** Any other driver. */
  readonly executor?: SqlExecutor | undefined
  /** Where the tables are; made where it is missing. Default `switchyard`. */
  readonly schema?: string | undefined
}

/**
 * Keeps conversations in PostgreSQL (13 or newer), for any number of processes.
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
    throw new LlmError('misconfigured', 'postgres: give connectionString, pool or executor', {
      issues: [{ path: 'connectionString', message: 'is missing' }],
    })
  let own: Promise<OwnPool> | undefined
  const open = (): Promise<OwnPool> => {
    own ??= openPool({ connectionString, max: maxConnections })
    return own
  }
  return poolExecutor(open, { prepare, close: async () => (await own)?.end() })
}

import { systemClock } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import { within } from '../core/host-function.ts'
import { checkOptions } from '../core/options.ts'
import {
  openPool,
  type OwnPool,
  poolExecutor,
  postgresDialect,
  postgresStoreSchema,
  type PostgresStoreOptions,
} from './postgres/index.ts'
import { createSqlStore, type SqlExecutor, type SqlStore } from './sql/index.ts'

export type { PostgresStoreOptions } from './postgres/index.ts'

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

/**
 * Creates a chat store in PostgreSQL (13 or newer), for any number of processes. Throws `misconfigured` if none of
 * `connectionString`, `pool` and `executor` is given.
 *
 * ```ts
 * const store = createPostgresStore({ connectionString: process.env.DATABASE_URL })
 * ```
 */
export function createPostgresStore(options: PostgresStoreOptions): SqlStore {
  checkOptions('createPostgresStore', postgresStoreSchema, options)
  const { schema = 'switchyard' } = options
  return createSqlStore(executorOf(options), postgresDialect(schema), options)
}

const CLOSE_MS = 5_000

function executorOf({
  connectionString,
  maxConnections = 10,
  prepare = false,
  statementTimeoutMs: timeoutMs = 10_000,
  clock = systemClock,
  pool,
  executor,
}: PostgresStoreOptions): SqlExecutor {
  if (executor !== undefined) return executor
  if (pool !== undefined) return poolExecutor(async () => pool, { prepare, timeoutMs, clock })
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
  // Connections to a server that does not answer do not end.
  const close = async (): Promise<void> => {
    if (own !== undefined) await within(clock, CLOSE_MS, (await own).end())
  }
  return poolExecutor(open, { prepare, timeoutMs, clock, close })
}

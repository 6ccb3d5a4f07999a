import { optionsSchema } from '../../core/options.ts'
import {
  flag,
  positiveCount,
  positiveMilliseconds,
  secretKind,
  withMethods,
  type Group,
} from '../../core/schema.ts'
import { schemaField } from './dialect.ts'
import type { PgPool } from './pool.ts'
import { executorField, sqlStoreRows, type SqlExecutor, type SqlStoreOptions } from '../sql/index.ts'

/** Options of `createPostgresStore`. Give one of `connectionString`, `pool` and `executor`. */
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
  /**
   * Maximum time of one statement, of a lock and of the wait for a connection, in ms. A call then rejects with
   * `overloaded`, and its connection is closed. Migrations have no limit. Default 10 000; `Infinity`: none. Has no effect
   * with `executor`.
   */
  readonly statementTimeoutMs?: number | undefined
  /** Runs the statements on any other driver. */
  readonly executor?: SqlExecutor | undefined
  /** Schema of the tables, created if it is missing. Default `switchyard`. */
  readonly schema?: string | undefined
}

/** The schema of {@link PostgresStoreOptions}. */
export const postgresStoreSchema: Group = optionsSchema<PostgresStoreOptions>()(() => ({
  ...sqlStoreRows(),
  connectionString: secretKind('text', (value) => typeof value === 'string'),
  maxConnections: positiveCount,
  pool: withMethods('connect'),
  prepare: flag,
  statementTimeoutMs: positiveMilliseconds,
  executor: executorField,
  schema: schemaField,
}))

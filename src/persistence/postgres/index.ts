export { postgresDialect, schemaField } from './dialect.ts'
export { poolExecutor } from './pool-executor.ts'
export { openPool, type OwnPool, type PgClient, type PgPool, type PgStatement } from './pool.ts'
export { postgresStoreSchema, type PostgresStoreOptions } from './options.ts'
export {
  pgliteStoreSchema,
  type PgliteDatabase,
  type PgliteSession,
  type PgliteStoreOptions,
} from './pglite-options.ts'

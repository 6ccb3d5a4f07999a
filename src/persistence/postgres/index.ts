export { postgresDialect, schemaField } from './dialect.ts'
export { poolExecutor } from './pool-executor.ts'
export { openPool, type OwnPool, type PgClient, type PgPool, type PgStatement } from './pool.ts'

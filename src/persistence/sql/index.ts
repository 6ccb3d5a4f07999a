export type { Migration, SearchDialect, SqlDialect, SqlFault, TableName, WordsOf } from './dialect.ts'
export type { SqlExecutor, SqlRow, SqlSession, SqlValue } from './executor.ts'
export type { MigrationReport } from './migrate.ts'
export { createSqlStore, type SqlStore, type SqlStoreOptions } from './store.ts'

export { prefixField, sqliteDialect } from './dialect.ts'
export { loadSqlite, nodeDriver, retryWhileBusy, type NodeDriverOptions } from './node-driver.ts'
export { sqliteStoreSchema, type SqliteStoreOptions } from './options.ts'

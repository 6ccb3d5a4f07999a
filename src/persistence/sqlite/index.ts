export { prefixField, sqliteDialect } from './dialect.ts'
export { nodeDriver, type NodeDriverOptions } from './node-driver.ts'
export { sqliteStoreSchema, type SqliteStoreOptions } from './options.ts'

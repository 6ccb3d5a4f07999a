export { LimitDatabase } from './limit-database.ts'
export { fileLimitStoreSchema, type FileLimitStoreOptions } from './options.ts'

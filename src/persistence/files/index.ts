export { fileLimitStoreSchema, type FileLimitStoreOptions } from './options.ts'

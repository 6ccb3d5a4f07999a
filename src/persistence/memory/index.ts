export { createMemoryTransactions, type MemoryTransactions } from './transactions.ts'
export { memoryStoreSchema, type MemoryStoreOptions } from './options.ts'

export { createMemoryStore } from './memory-store.ts'
export { memoryStoreSchema, type MemoryStoreOptions } from './options.ts'

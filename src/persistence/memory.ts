export { createMemoryStore, type MemoryStoreOptions } from '../conversations/memory/index.ts'

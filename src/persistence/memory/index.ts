export { createMemoryTransactions, type MemoryTransactions } from './transactions.ts'

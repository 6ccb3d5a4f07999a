export { createMemoryUnits, type MemoryUnits } from './units.ts'

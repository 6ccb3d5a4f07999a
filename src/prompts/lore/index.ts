export { readLoreBook, type LoreEntry, type LorePlace } from './book.ts'
export { scanLore, type LoreHit, type LoreScan } from './scan.ts'

import { bundleSizes } from './bundle.ts'

/**
 * Prints the size of each package's minimal chat call: of the files that are loaded at the start, and of everything in one
 * file, without code splitting.
 */
export async function printSizes(): Promise<void> {
  const missing: string[] = []
  const sizes = await bundleSizes((title) => void missing.push(title))
  const width = Math.max(...sizes.map(({ title }) => title.length))
  console.log(`${'Bundle of the minimal chat call'.padEnd(width)}   min KB  gzip KB  in one file`)
  for (const { title, min, gzip, whole } of sizes)
    console.log(`${title.padEnd(width)} ${kilobytes(min)} ${kilobytes(gzip)} ${kilobytes(whole.gzip)}`)
  for (const title of missing) console.log(`${title}: not installed (npm install --prefix bench/peers)`)
}

function kilobytes(bytes: number): string {
  return (bytes / 1_000).toFixed(1).padStart(8)
}

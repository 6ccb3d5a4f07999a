import { startVitest } from 'vitest/node'
import { proofs } from './proof-list.ts'

/** Runs the proofs of these names, or all of them for `all`, on a quiet machine: they measure time. */
async function main(names: readonly string[]): Promise<void> {
  const known = Object.keys(proofs)
  const wanted = names.includes('all') ? known : names
  const unknown = wanted.filter((name) => !known.includes(name))
  if (wanted.length === 0 || unknown.length > 0) {
    if (unknown.length > 0) console.error(`unknown proof: ${unknown.join(', ')}`)
    console.error(`usage: npm run proofs -- <name> …; known: ${known.join(', ')}, all`)
    process.exit(2)
  }
  process.env['SWITCHYARD_PROOF'] = '1'
  const files = wanted.flatMap((name) => proofs[name] ?? [])
  // One file at a time: the tests measure, and must not measure each other.
  const vitest = await startVitest(files, { watch: false, maxWorkers: 1 })
  const failed = vitest.state.getCountOfFailedTests() + vitest.state.getUnhandledErrors().length
  await vitest.close()
  process.exit(failed > 0 ? 1 : 0)
}

await main(process.argv.slice(2))

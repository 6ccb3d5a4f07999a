import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'esbuild'
import { places, root } from '../scripts/entries.ts'

const bundles = new Map<string, Promise<string>>()

/** Writes a script and all that it imports of ours into one file, so that a child process starts in a moment. */
export function bundle(script: string): Promise<string> {
  const known = bundles.get(script) ?? write(script)
  bundles.set(script, known)
  return known
}

/** The package's own names lead to the sources. */
const alias = Object.fromEntries(
  Object.entries(places)
    .filter(([subpath]) => !subpath.includes('*'))
    .toSorted(([one], [other]) => other.length - one.length)
    .map(([subpath, place]) => [`llm-switchyard${subpath.slice(1)}`, join(root, place)]),
)

async function write(script: string): Promise<string> {
  // Inside the project, where what is not bundled is found.
  const outfile = join(
    root,
    'node_modules',
    '.test-children',
    `${basename(script, '.ts')}-${randomUUID()}.mjs`,
  )
  process.once('exit', () => rmSync(outfile, { force: true }))
  await build({
    entryPoints: [script],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    alias,
  })
  return outfile
}

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import type { Options } from 'tsup'
import { entries } from './scripts/entries.ts'

const built: Readonly<Record<string, string>> = Object.fromEntries(
  entries().map(({ output, source }) => [output, source]),
)
const PROVIDER = /^providers\//
const CATALOGUE = 'src/providers/catalogue/index.ts'

// The data of all providers is one file. Built one by one, every provider would be a file that the core has to load.
const bundled = Object.entries({ ...built, catalogue: CATALOGUE }).filter(
  ([output]) => !PROVIDER.test(output),
)

/** Writes the entry points of single providers: each gives its own out of the catalogue. */
async function writeProviders(): Promise<void> {
  await mkdir('dist/providers', { recursive: true })
  const lines = (await readFile(CATALOGUE, 'utf8')).matchAll(
    /^export \{ (\w+) \} from '\.\.\/([\w-]+)\.ts'$/gm,
  )
  for (const [, name, file] of lines)
    await writeFile(`dist/providers/${file}.js`, `export { ${name} } from '../catalogue.js'\n`)
}

const config: Options = {
  entry: Object.fromEntries(bundled),
  format: ['esm'],
  target: 'node22',
  dts: { entry: { ...built } },
  // The checks of requests need a tenth of it: resolving the whole package at run time costs about 60 ms.
  noExternal: [/^zod/],
  sourcemap: true,
  splitting: true,
  clean: true,
  onSuccess: writeProviders,
}

export default config

import { copyFile, readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import { build, type BuildOptions, type Plugin } from 'esbuild'
import type { Options } from 'tsup'
import { dialects, entries, type Entry } from './scripts/entries.ts'

const PROVIDER = /^providers\//
const built = entries()
const providers = built.filter(({ output }) => PROVIDER.test(output))
const core = built.filter(({ output }) => output === 'core/index')
const others = built.filter(({ output }) => output !== 'core/index' && !PROVIDER.test(output))

function sourcesOf(list: readonly Entry[]): Record<string, string> {
  return Object.fromEntries(list.map(({ output, source }) => [output, source]))
}

/** Modules whose classes are compared by identity: both builds share one copy of them. */
const identities: Readonly<Record<string, string>> = {
  error: 'src/core/error.ts',
  secret: 'src/core/secret.ts',
}

/** Leaves imports of some sources to files of `dist`: source to file. */
function linkTo(files: Readonly<Record<string, string>>): Plugin {
  return {
    name: 'link-to',
    setup: ({ onResolve }) => {
      onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
        const file = files[posix.relative(process.cwd(), posix.resolve(resolveDir, path))]
        return file === undefined ? undefined : { path: `../${file}.js`, external: true, sideEffects: false }
      })
    },
  }
}

function inverted(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([file, source]) => [source, file]))
}

// To resolve a package costs a young process more than the little code of these two.
const INLINED: readonly string[] = ['eventsource-parser', 'tokenx']

const SMALL = {
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  target: 'node22',
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: true,
} as const satisfies BuildOptions

/**
 * Builds `/core`, the dialects and the single providers apart from the rest. In one build with the root, every dialect and
 * every part of the core would be a file that the root has to load; here, the core and one provider are a few files.
 */
async function buildSmall(): Promise<void> {
  const { dependencies } = JSON.parse(await readFile('package.json', 'utf8')) as {
    dependencies: Record<string, string>
  }
  await build({
    ...SMALL,
    entryPoints: { ...sourcesOf(core), ...dialects() },
    chunkNames: 'core/[name]-[hash]',
    splitting: true,
    external: Object.keys(dependencies).filter((name) => !INLINED.includes(name)),
    plugins: [linkTo(inverted(identities))],
  })
  const linked = { ...inverted(dialects()), 'src/core/provider.ts': 'core/index' }
  await build({ ...SMALL, entryPoints: sourcesOf(providers), plugins: [linkTo(linked)] })
  // Their licenses ask for the notice with every copy.
  for (const name of ['zod', ...INLINED])
    await copyFile(`node_modules/${name}/LICENSE`, `dist/LICENSE-${name}.txt`)
  for (const name of ['models.dev', 'genai-prices'])
    await copyFile(`scripts/model-facts/LICENSE-${name}.txt`, `dist/LICENSE-${name}.txt`)
}

const config: Options = {
  entry: { ...sourcesOf(others), ...identities },
  format: ['esm'],
  target: 'node22',
  dts: { entry: sourcesOf(built) },
  // The checks of requests need a tenth of it: resolving the whole package at run time costs about 60 ms.
  noExternal: [/^zod/],
  sourcemap: true,
  splitting: true,
  clean: true,
  onSuccess: buildSmall,
}

export default config

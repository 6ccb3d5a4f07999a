import { copyFile } from 'node:fs/promises'
import { posix } from 'node:path'
import { build, type Plugin } from 'esbuild'
import type { Options } from 'tsup'
import { dialects, entries } from './scripts/entries.ts'

const PROVIDER = /^providers\//
const built = entries()
const providers = built.filter(({ output }) => PROVIDER.test(output))
const others = built.filter(({ output }) => !PROVIDER.test(output))

/**
 * Leads a provider's imports to files of the main build: each dialect is a file of its own, so that a provider brings its
 * own dialects into a bundle and no others.
 */
const sharedFiles: Plugin = {
  name: 'shared-files',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
      const source = posix.relative(process.cwd(), posix.resolve(resolveDir, path))
      const dialect = /^src\/dialects\/([\w-]+)\/index\.ts$/.exec(source)?.[1]
      if (dialect !== undefined) return { path: `../dialects/${dialect}.js`, external: true, sideEffects: false }
      if (source === 'src/core/provider.ts') return { path: '../define-provider.js', external: true, sideEffects: false }
      return undefined
    })
  },
}

// Apart from the main build: there, every provider would be a file that the root has to load.
async function buildRest(): Promise<void> {
  await build({
    entryPoints: Object.fromEntries(providers.map(({ output, source }) => [output, source])),
    outdir: 'dist',
    bundle: true,
    format: 'esm',
    target: 'node22',
    sourcemap: true,
    plugins: [sharedFiles],
  })
  // Its license asks for the notice with every copy.
  await copyFile('node_modules/zod/LICENSE', 'dist/LICENSE-zod.txt')
}

const config: Options = {
  entry: {
    ...Object.fromEntries(others.map(({ output, source }) => [output, source])),
    ...dialects(),
    'define-provider': 'src/core/provider.ts',
    // Files of their own, because a bundler keeps the import of a CommonJS package if anything of its file is used.
    breaker: 'src/resilience/breaker.ts',
    'slot-runner': 'src/queue/p-queue-adapter.ts',
  },
  format: ['esm'],
  target: 'node22',
  dts: { entry: Object.fromEntries(built.map(({ output, source }) => [output, source])) },
  // The checks of requests need a tenth of it: resolving the whole package at run time costs about 60 ms.
  noExternal: [/^zod/],
  sourcemap: true,
  splitting: true,
  clean: true,
  onSuccess: buildRest,
}

export default config

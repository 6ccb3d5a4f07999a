import { copyFile, readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import { build, type Plugin } from 'esbuild'
import type { Options } from 'tsup'
import { entries } from './scripts/entries.ts'

const SMALL = /^(core\/index$|providers\/)/
const built = entries()
const small = built.filter(({ output }) => SMALL.test(output))
const others = built.filter(({ output }) => !SMALL.test(output))

/** Modules whose classes are compared by identity: both builds share one copy of them. */
const shared: Readonly<Record<string, string>> = {
  error: 'src/core/error.ts',
  secret: 'src/core/secret.ts',
}

const sharedFiles: Plugin = {
  name: 'shared-files',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
      const source = posix.relative(process.cwd(), posix.resolve(resolveDir, path))
      const name = Object.keys(shared).find((one) => shared[one] === source)
      return name === undefined ? undefined : { path: `../${name}.js`, external: true, sideEffects: false }
    })
  },
}

/**
 * Builds `/core` and the single providers apart from the rest. In one build with the root, every dialect and every part of
 * the core would be a file that the root has to load; here, the core and one provider are a handful of files.
 */
async function buildSmall(): Promise<void> {
  const { dependencies } = JSON.parse(await readFile('package.json', 'utf8')) as {
    dependencies: Record<string, string>
  }
  await build({
    entryPoints: Object.fromEntries(small.map(({ output, source }) => [output, source])),
    outdir: 'dist',
    chunkNames: 'core/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'node22',
    sourcemap: true,
    external: Object.keys(dependencies),
    plugins: [sharedFiles],
  })
  // Its license asks for the notice with every copy.
  await copyFile('node_modules/zod/LICENSE', 'dist/LICENSE-zod.txt')
}

const config: Options = {
  entry: { ...Object.fromEntries(others.map(({ output, source }) => [output, source])), ...shared },
  format: ['esm'],
  target: 'node22',
  dts: { entry: Object.fromEntries(built.map(({ output, source }) => [output, source])) },
  // The checks of requests need a tenth of it: resolving the whole package at run time costs about 60 ms.
  noExternal: [/^zod/],
  sourcemap: true,
  splitting: true,
  clean: true,
  onSuccess: buildSmall,
}

export default config

import { gzipSync } from 'node:zlib'
import { build, type BuildOptions, type OutputFile } from 'esbuild'

/** Size of some files, in bytes. */
export interface Size {
  readonly min: number
  readonly gzip: number
}

/** A minified bundle, as applications make it. */
export interface Bundle {
  /** The files that are loaded at the start: the entry and all that it imports statically. */
  readonly start: Size
  /** Everything in one file, what is loaded later included. */
  readonly whole: Size
  /** The sources behind the files that are loaded at the start. */
  readonly sources: readonly string[]
  /** The files of packages of which the start holds code. */
  readonly packages: readonly string[]
}

/** Bundles a program by its text. Rejects if a package cannot be resolved from `resolveDir`. */
export async function bundleProgram(
  contents: string,
  { resolveDir, ...more }: Pick<BuildOptions, 'platform' | 'target'> & { readonly resolveDir: string },
): Promise<Bundle> {
  const options = {
    stdin: { contents, resolveDir },
    // Without the paths of tsconfig.json, which lead to the sources.
    tsconfigRaw: {},
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    sourcemap: 'external',
    format: 'esm',
    outdir: 'out',
    logLevel: 'silent',
    ...more,
  } as const
  const whole = await build(options)
  const { outputFiles, metafile } = await build({ ...options, splitting: true })
  const { outputs } = metafile
  const start = new Set<string>()
  const follow = (path: string): void => {
    if (start.has(path)) return
    start.add(path)
    for (const { kind, path: next } of outputs[path]?.imports ?? [])
      if (kind === 'import-statement' && next in outputs) follow(next)
  }
  for (const [path, { entryPoint }] of Object.entries(outputs)) if (entryPoint === '<stdin>') follow(path)
  const named = (ending: string): OutputFile[] =>
    outputFiles.filter(({ path }) => [...start].some((name) => path.endsWith(`/${name}${ending}`)))
  return {
    start: sizeOf(named('')),
    whole: sizeOf(whole.outputFiles.filter(({ path }) => path.endsWith('.js'))),
    sources: named('.map').flatMap(({ text }) => sourcesOf(text)),
    packages: [...start].flatMap((path) =>
      Object.entries(outputs[path]?.inputs ?? {}).flatMap(([input, { bytesInOutput }]) =>
        bytesInOutput > 0 && input.includes('node_modules/') ? [input] : [],
      ),
    ),
  }
}

function sizeOf(files: readonly OutputFile[]): Size {
  const sum = (of: (file: OutputFile) => number): number => files.reduce((all, file) => all + of(file), 0)
  return {
    min: sum(({ contents }) => contents.length),
    gzip: sum(({ contents }) => gzipSync(contents, { level: 9 }).length),
  }
}

function sourcesOf(map: string): string[] {
  const { sources = [] } = JSON.parse(map) as { sources?: string[] }
  return sources.map((source) => source.replace(/^.*?(?=src\/|node_modules\/)/, ''))
}

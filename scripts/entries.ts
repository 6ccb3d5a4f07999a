import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** The repository's root, where npm runs every script and every path below starts. */
export const root: string = process.cwd()

/** An entry point of the package: what the user imports, where its source sits, and where the build puts it. */
export interface Entry {
  /** As in the export map: `.`, `./testing`, `./providers/openai`. */
  readonly subpath: string
  readonly source: string
  /** Without `dist/` and without extension: `index`, `testing/index`, `providers/openai`. */
  readonly output: string
}

/**
 * Every public subpath and the source behind it, in the order of the export map. A `*` stands for one file
 * name other than `index`. A place without a source is not built and not exported.
 */
export const places: Readonly<Record<string, string>> = {
  '.': 'src/index.ts',
  './core': 'src/core-entry.ts',
  './adapter': 'src/adapter.ts',
  './limits': 'src/limits/public.ts',
  './queue': 'src/queue/public.ts',
  './resilience': 'src/resilience/public.ts',
  './tools': 'src/operations/tools-entry.ts',
  './agents': 'src/agents/index.ts',
  './mcp': 'src/mcp/index.ts',
  './telemetry': 'src/telemetry/index.ts',
  './undici': 'src/transport/undici/index.ts',
  './testing': 'src/testing/index.ts',
  './models': 'src/models/index.ts',
  './providers/*': 'src/providers/*.ts',
  './templates': 'src/templates/index.ts',
  './prompts': 'src/prompts/index.ts',
  './moderation': 'src/moderation/public.ts',
  './conversations': 'src/conversations/index.ts',
  './conversations/store-kit': 'src/conversations/storage/index.ts',
  './persistence/*': 'src/persistence/*.ts',
  './redis': 'src/persistence/redis/index.ts',
  './http': 'src/delivery/http/index.ts',
  './socket-io': 'src/delivery/socket-io/index.ts',
  './client': 'src/delivery/client/index.ts',
  './jobs': 'src/jobs/index.ts',
  './otel': 'src/telemetry/otel/index.ts',
}

/** Every TypeScript file below `folder`, as sorted paths from the root with forward slashes. */
export function sourceFiles(folder = 'src'): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .toSorted()
}

/** The entry points whose source is among `files`. */
export function entries(files: readonly string[] = sourceFiles()): Entry[] {
  return Object.entries(places).flatMap(([subpath, place]) => expand(subpath, place, files))
}

/** The wire formats, each built as a file of its own (`dialects/openai-chat`) that providers import. */
export function dialects(files: readonly string[] = sourceFiles()): Record<string, string> {
  const found = files.flatMap((source) => {
    const name = /^src\/dialects\/([\w-]+)\/index\.ts$/.exec(source)?.[1]
    return name === undefined ? [] : [[`dialects/${name}`, source] as const]
  })
  return Object.fromEntries(found)
}

/** What `exports` in `package.json` must say for `files`. */
export function exportMap(files: readonly string[] = sourceFiles()): Record<string, unknown> {
  const map: Record<string, unknown> = {}
  for (const [subpath, place] of Object.entries(places)) {
    const output = `./dist/${outputOf(subpath)}`
    const found = expand(subpath, place, files).length > 0
    if (found) map[subpath] = { types: `${output}.d.ts`, default: `${output}.js` }
  }
  return { ...map, './package.json': './package.json' }
}

/** One row of `places`, with its `*` filled in from the files that match. */
function expand(subpath: string, place: string, files: readonly string[]): Entry[] {
  const pattern = new RegExp(`^${place.replaceAll('.', '\\.').replace('*', '(?!index\\.)([^/]+)')}$`)
  return files.flatMap((source) => {
    const match = pattern.exec(source)
    const fill = (text: string): string => text.replace('*', match?.[1] ?? '')
    return match ? [{ subpath: fill(subpath), source, output: fill(outputOf(subpath)) }] : []
  })
}

/** Subpath `.` is built as `index`, a `*` as one file per name, and anything else as a folder of its own. */
function outputOf(subpath: string): string {
  if (subpath === '.') return 'index'
  return subpath.endsWith('*') ? subpath.slice(2) : `${subpath.slice(2)}/index`
}

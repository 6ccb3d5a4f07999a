import { copyFile, readdir, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, transform } from 'esbuild'
import { rollup, type GetManualChunk, type Plugin } from 'rollup'
import { dialects, entries, root } from './entries.ts'

// To resolve a package costs a young process more than the little code of these.
const INLINED: readonly string[] = ['eventsource-parser', 'tokenx', 'opossum', 'p-queue']
// CommonJS, or with dependencies that are. The one module that they require is imported instead.
const PREPARED = /\/node_modules\/(opossum|p-queue)\//
// Whose code comes with that of the packages.
const NOTICES: readonly string[] = [...INLINED, 'eventemitter3', 'p-timeout']
// Whose data is in the table of models.
const DATA: readonly string[] = ['models.dev', 'genai-prices']
const TARGET = 'node22'
const COPY = '?catalogue'
// Small functions that tool loops have of their own, because what a later file takes from the core, bundlers keep in it.
const TOOLS_COPY = '?tools'
const COPIED_BY_TOOLS =
  /\/src\/core\/(add-usage|response-events|host-function|caller-key|canonical-json|cost-of|create-id|schema|options|issues|problem|show-value|parent-call|check-arguments|check-json|check-scalar|validate-id|scrub-foreign|timeout-error|abort|log|json|message)\.ts$/
// What every dialect uses is loaded with the core, because one more file costs as much as 4 KB of code.
const COMMON =
  /\/src\/dialects\/((?!index|claude|fit-schema|tools-as-text|note)[\w-]+|(embeddings|token-counts)\/.*)\.ts$/
// What a chat call needs seldom is loaded by import(): one file for each occasion.
const LATER: Readonly<Record<string, RegExp>> = {
  tools:
    /\/(operations\/(run|started-run)|src\/tools\/(?!index|approvals|conditions|run-store|registry|lazy-tools|rank-tools|zod-from-json-schema)[\w-]+|core\/turn)\.ts$/,
  operations:
    /\/(operations\/(?!index|chat|parse|partial|run|started|tools|extract)[\w-]+|exchange\/json-request|orchestrator\/explain-target|dialects\/(embeddings\/(formats|vectors)|token-counts\/formats|[\w-]+\/(detailed-)?models|openai-chat\/moderation))\.ts$/,
  schemas:
    /\/core\/(adapt-to-model|fit\/(schemas?|structured-answer|lenient-json|answer-(strategy|tool)|partial-(answer|json|tree)|coerce-value|enforce-schema|normalize-schema|schema-(parts|tree|values|words)))\.ts$/,
  options:
    /\/(core\/fit\/(place|body)-options|dialects\/[\w-]+\/options|providers\/options\/(openai|chat))\.ts$/,
  'responses-reader': /\/dialects\/openai-responses\/(reader|item|usage)\.ts$/,
  failures: /\/(transport\/explain-failure|dialects\/(([\w-]+\/)?fault|error-words|find-message))\.ts$/,
  aws: /\/(transport\/(aws-event-stream|sigv4)|exchange\/signing)\.ts$/,
}
// What an application calls itself about its runs.
const RUN_KIT =
  /\/src\/tools\/(approvals|conditions|run-store|registry|lazy-tools|rank-tools|zod-from-json-schema)\.ts$/
const FEATURE = /\/src\/(limits|queue|resilience|moderation)\//

// package.json promises that no module has side effects. Inside of one file, bundlers need to be told for each constant.
const TOP_LEVEL_CALL = /^((?:export )?const \w+ = )(?=(?:new )?[A-Za-z_$][\w$.]*\()/gm

/** Finds modules and reads TypeScript without its types. */
const source: Plugin = {
  name: 'source',
  resolveId: (name, importer) => {
    if (isInlined(name)) return fileURLToPath(import.meta.resolve(name))
    if (importer === undefined || !/^\.\.?\//.test(name)) return undefined
    const [from = '', query] = importer.split('?')
    const path = resolve(from, '..', name)
    const forTools = query === TOOLS_COPY.slice(1) || laterGroup(from) === 'tools' || RUN_KIT.test(from)
    if (forTools && COPIED_BY_TOOLS.test(path)) return path + TOOLS_COPY
    const forCatalogue = query === COPY.slice(1) || from.endsWith('/src/providers/index.ts')
    return forCatalogue &&
      /\/src\/(providers|dialects)\//.test(path) &&
      !COMMON.test(path) &&
      laterGroup(path) === undefined
      ? path + COPY
      : path
  },
  load: (id) => {
    if (PREPARED.test(id)) return prepare(id)
    const [path = '', query] = id.split('?')
    return query === undefined ? undefined : readFile(path, 'utf8')
  },
  transform: async (code, id) => {
    const path = id.split('?')[0] ?? ''
    if (!path.endsWith('.ts')) return undefined
    const plain = await transform(code, { loader: 'ts', target: TARGET, sourcemap: true, sourcefile: path })
    return { code: plain.code.replace(TOP_LEVEL_CALL, '$1/* @__PURE__ */ '), map: plain.map }
  },
}

const minified: Plugin = {
  name: 'minified',
  // White space costs next to nothing to read, and with it esbuild drops the marks of calls without effects.
  renderChunk: async (chunk) => {
    const { code, map } = await transform(chunk, {
      minifyIdentifiers: true,
      minifySyntax: true,
      target: TARGET,
      format: 'esm',
      sourcemap: true,
    })
    return { code: toAscii(code), map }
  },
}

// One character beyond ASCII, in a pattern or a comment, makes the engine hold and read a whole file in twice the space.
function toAscii(code: string): string {
  if (/String\.raw`[^`]*\P{ASCII}/u.test(code)) throw new Error('an escape would change a raw template')
  return code.replaceAll(/[^\p{ASCII}]/gu, (text) =>
    Array.from(
      { length: text.length },
      (_none, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  )
}

/**
 * Builds every entry point into `dist` as few and small files, because a young process pays for each file and for all code
 * that it reads: the core, each feature and each dialect is one file. The catalogue is one file with providers and dialects
 * of its own; all other code exists once.
 */
export async function bundle(): Promise<void> {
  const graph = await rollup({
    input: inputs(),
    external: (name) => !/^(\.\.?)?\/|^src\//.test(name) && !isInlined(name),
    plugins: [source],
    treeshake: { moduleSideEffects: false },
  })
  await graph.write({
    dir: 'dist',
    format: 'esm',
    sourcemap: true,
    hoistTransitiveImports: false,
    chunkFileNames: 'shared/[name]-[hash].js',
    manualChunks: createGroups(),
    plugins: [minified],
  })
  await graph.close()
  // Their licenses ask for the notice with every copy.
  for (const name of NOTICES) await copyLicense(name)
  for (const name of DATA)
    await copyFile(`scripts/model-facts/LICENSE-${name}.txt`, `dist/LICENSE-${name}.txt`)
}

/** The code of a package with that of its dependencies, as one module. */
async function prepare(path: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    format: 'esm',
    target: TARGET,
    external: ['events'],
    write: false,
  })
  const code = outputFiles[0]?.text.replaceAll('__require("events")', 'events') ?? ''
  return code.includes('= events') ? `import events from 'events'\n${code}` : code
}

async function copyLicense(name: string): Promise<void> {
  const folder = `node_modules/${name}`
  const file = (await readdir(folder)).find((one) => /^licen[cs]e(\.\w+)?$/i.test(one))
  if (file === undefined) throw new Error(`${folder} has no license to copy`)
  await copyFile(`${folder}/${file}`, `dist/LICENSE-${name}.txt`)
}

/** What is built: the source of each file of `dist`. */
export function inputs(): Record<string, string> {
  const built = entries().map(({ output, source: path }) => [output, path] as const)
  return { ...Object.fromEntries(built), ...dialects() }
}

function isInlined(name: string): boolean {
  return INLINED.includes(name.split('/')[0] ?? '')
}

function laterGroup(id: string): string | undefined {
  return Object.keys(LATER).find((group) => LATER[group]?.test(id))
}

/** Names the file in which a module is put; `undefined` leaves it to the entry points that share it. */
function createGroups(): GetManualChunk {
  const core = new Set<string>()
  const all = new Set<string>()
  return (id, { getModuleInfo }) => {
    const importsOf = (from: string): readonly string[] => getModuleInfo(from)?.importedIds ?? []
    if (core.size === 0) {
      collect(core, resolve(root, 'src/core-entry.ts'), importsOf)
      collect(all, resolve(root, 'src/index.ts'), importsOf)
    }
    const later = id.endsWith(TOOLS_COPY) ? 'tools' : laterGroup(id)
    if (later !== undefined) return later
    if (RUN_KIT.test(id)) return 'run-kit'
    if (core.has(id) || COMMON.test(id)) return 'core'
    if (id.endsWith(COPY) || id.endsWith('/src/providers/index.ts')) return 'catalogue'
    return all.has(id) ? FEATURE.exec(id)?.[1] : undefined
  }
}

/** Collects a module and everything that it imports. */
function collect(found: Set<string>, id: string, importsOf: (id: string) => readonly string[]): void {
  if (found.has(id)) return
  found.add(id)
  for (const next of importsOf(id)) if (next.startsWith('/')) collect(found, next, importsOf)
}

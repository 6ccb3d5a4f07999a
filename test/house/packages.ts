import { entries } from '../../scripts/entries.ts'
import { type Import, importsOf, packageOf } from './imports.ts'
import type { Sources, Violation } from './sources.ts'

/** Packages that come with ours, each with the only place that may import it. */
export const installed: Readonly<Record<string, string>> = {
  'eventsource-parser': 'transport',
  // Required by opossum. Node has it built in; bundlers for browsers need the package.
  events: 'resilience',
  opossum: 'resilience',
  'p-queue': 'queue',
  nunjucks: 'templates',
  pino: 'telemetry',
  tokenx: 'core',
}

/** Packages that the build copies into `dist`, each with the only file that may import it. */
export const bundled: Readonly<Record<string, string>> = {}

/** Optional peers, each with the only place that may import it: the folder of the entry point that needs it. */
export const peers: Readonly<Record<string, string>> = {
  undici: 'transport/undici',
  msw: 'testing',
  obscenity: 'moderation',
  redis: 'persistence/redis',
  ioredis: 'persistence/redis',
  pg: 'persistence/postgres',
  '@modelcontextprotocol/sdk': 'mcp',
  '@electric-sql/pglite': 'persistence/pglite',
}

// The table of models, which bundlers leave out of an application because its name is computed.
const computed: Readonly<Record<string, string>> = { '<computed>': 'create-orchestrator' }

/** Every outside package has one door. Only `node:` builtins are free. */
export function checkPackages(sources: Sources): Violation[] {
  return importsOf(sources).flatMap((found) => {
    const name = packageOf(found)
    if (name === undefined) return []
    const door = installed[name] ?? bundled[name] ?? peers[name] ?? computed[name]
    if (door === undefined) return [`${found.at}: ${name} has no door; a package needs a row in the table`]
    return isBehind(found.from, door) ? [] : [`${found.at}: ${name} is imported by src/${door} only`]
  })
}

/** An entry point loads an optional peer only if it lives behind that peer's door: the others work without it. */
export function checkPeers(sources: Sources): Violation[] {
  const loads = importsOf(sources).filter(({ kind }) => kind === 'static' || kind === 'bare')
  return entries([...sources.keys()]).flatMap(({ source, subpath }) =>
    reach(source, loads).flatMap((found) => {
      const door = peers[packageOf(found) ?? '']
      if (door === undefined || isBehind(source, door)) return []
      return [
        `${found.at}: entry point "${subpath}" loads the optional peer ${found.specifier}; import it lazily`,
      ]
    }),
  )
}

function isBehind(path: string, door: string): boolean {
  return path === `src/${door}.ts` || path.startsWith(`src/${door}/`)
}

/** Every import that is carried out when `start` is loaded. */
function reach(start: string, loads: readonly Import[]): Import[] {
  const seen = new Set([start])
  for (const path of seen) {
    for (const { from, target } of loads) if (from === path && target !== undefined) seen.add(target)
  }
  return loads.filter(({ from }) => seen.has(from))
}

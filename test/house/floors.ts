import { type Import, importsOf } from './imports.ts'
import type { Sources, Violation } from './sources.ts'

/**
 * The floors of the house, lowest first, with folders that are still to come. A folder imports from lower floors
 * only, never from its own.
 */
export const floors: readonly (readonly string[])[] = [
  ['core'],
  [
    'transport',
    'dialects',
    'stream',
    'limits',
    'queue',
    'resilience',
    'moderation',
    'caching',
    'telemetry',
    'tools',
    'templates',
    'protocols',
  ],
  ['providers', 'exchange', 'models'],
  ['orchestrator', 'prompts'],
  ['operations', 'agents', 'conversations', 'jobs', 'documents', 'workflows', 'delivery'],
  ['persistence', 'mcp'],
  ['create-orchestrator.ts', 'adapter.ts', 'core-entry.ts'],
  ['testing', 'index.ts'],
]

/** Folders that may see less than everything below them. */
const narrow: Readonly<Record<string, readonly string[]>> = {
  providers: ['core', 'dialects', 'transport', 'stream'],
  models: ['core'],
  exchange: ['core', 'dialects', 'transport', 'stream'],
}

/** The one part of a folder that its neighbours may see, and the neighbours. */
const shared = {
  door: 'src/conversations/contract/index.ts',
  seenBy: new Set(['jobs', 'documents', 'workflows', 'delivery']),
}

/** `src/stream/limit-text-size.ts` → `stream`; `src/index.ts` → `index.ts`. */
function areaOf(path: string): string {
  return path.split('/')[1] ?? path
}

function floorOf(area: string): number {
  return floors.findIndex((floor) => floor.includes(area))
}

/** A folder imports only from lower floors; type-only imports count. One contract is seen from beside. */
export function checkFloors(sources: Sources): Violation[] {
  const homeless = [...sources.keys()]
    .filter((path) => floorOf(areaOf(path)) < 0)
    .map((path) => `${path}: "${areaOf(path)}" is on no floor; give it one in the floors table`)
  return [...homeless, ...importsOf(sources).flatMap(checkFloor)]
}

function checkFloor({ from, at, target }: Import): Violation[] {
  if (target === undefined) return []
  const [own, other] = [areaOf(from), areaOf(target)]
  if (own === other || floorOf(own) < 0 || floorOf(other) < 0) return []
  const allowed = narrow[own]?.includes(other) ?? floorOf(other) < floorOf(own)
  if (allowed || (target === shared.door && shared.seenBy.has(own))) return []
  return [`${at}: ${own} may not import ${other}; move what both need to a lower floor, or pass it in`]
}

/**
 * A folder is entered through its `index.ts` by everything outside it. `core` is the exception: it is the
 * vocabulary, and each of its files may be imported by name.
 */
export function checkDoors(sources: Sources): Violation[] {
  return importsOf(sources).flatMap(({ from, at, target }) => {
    if (target === undefined || areaOf(target) === 'core') return []
    const folder = target.slice(0, target.lastIndexOf('/') + 1)
    if (from.startsWith(folder) || target === `${folder}index.ts`) return []
    return [`${at}: ${target} is behind a door; import it from ${folder}index.ts`]
  })
}

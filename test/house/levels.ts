import { importsOf } from './imports.ts'
import type { Sources, Violation } from './sources.ts'

/** Folders with levels inside, lowest first. An entry is a subfolder, or a file of the folder itself. */
export const levels: Readonly<Record<string, readonly string[]>> = {
  conversations: ['storage', 'memory', 'contract', 'context', 'turn', 'transfer', 'service', 'index.ts'],
}

/** Inside a folder with levels, a level imports only from lower ones; type-only imports count. */
export function checkLevels(sources: Sources): Violation[] {
  const unplaced = [...sources.keys()]
    .filter((path) => levelOf(path) === -1)
    .map((path) => `${path}: "${partOf(path)}" is on no level of ${areaOf(path)}; add it to the levels table`)
  return [
    ...unplaced,
    ...importsOf(sources).flatMap(({ from, at, target }) => {
      if (target === undefined || areaOf(from) !== areaOf(target) || partOf(from) === partOf(target))
        return []
      const [own, other] = [levelOf(from), levelOf(target)]
      if (own === undefined || other === undefined || own < 0 || other < 0 || other < own) return []
      return [
        `${at}: ${partOf(from)} may not import ${partOf(target)}; move what both need to a lower level, or pass it in`,
      ]
    }),
  ]
}

/** Number of the level that a file is on; -1 if the table misses it, `undefined` if its folder has no levels. */
function levelOf(path: string): number | undefined {
  return levels[areaOf(path)]?.indexOf(partOf(path))
}

function areaOf(path: string): string {
  return path.split('/')[1] ?? path
}

/** `src/conversations/turn/plan-turn.ts` → `turn`; `src/conversations/index.ts` → `index.ts`. */
function partOf(path: string): string {
  return path.split('/')[2] ?? path
}

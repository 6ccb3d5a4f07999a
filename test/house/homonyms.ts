import type { Sources, Violation } from './sources.ts'
import { declarationsOf } from './surface.ts'

// `/core` has the same factory as the root, for the features that it is given (DESIGN, section 2).
const shared: ReadonlySet<string> = new Set(['createOrchestrator'])

/** A public name means one thing: no two entry points export it with different declarations. */
export function checkHomonyms(sources: Sources): Violation[] {
  const meanings = new Map<string, Map<string, string>>()
  for (const { subpath, name, declaration } of declarationsOf(sources)) {
    if (name === 'default' || shared.has(name)) continue
    const known = meanings.get(name) ?? new Map<string, string>()
    known.set(declaration, [known.get(declaration), `"${subpath}"`].filter(Boolean).join(' and '))
    meanings.set(name, known)
  }
  return [...meanings].flatMap(([name, known]) => {
    if (known.size < 2) return []
    const places = [...known].map(([declaration, subpaths]) => `${declaration} in ${subpaths}`)
    return [`${name} has ${known.size} meanings: ${places.join('; ')}; rename all but one`]
  })
}

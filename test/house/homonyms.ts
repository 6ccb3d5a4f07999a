import type { Sources, Violation } from './sources.ts'
import { declarationsOf } from './surface.ts'

/** A public name means one thing: no two entry points export it with different declarations. */
export function checkHomonyms(sources: Sources): Violation[] {
  const meanings = new Map<string, Map<string, string>>()
  for (const { subpath, name, declaration } of declarationsOf(sources)) {
    if (name === 'default') continue
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

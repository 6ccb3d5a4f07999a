import { importsOf } from './imports.ts'
import type { Sources, Violation } from './sources.ts'

/** No file imports itself over others; type-only imports count. */
export function checkCircles(sources: Sources): Violation[] {
  const links = new Map<string, string[]>()
  for (const { from, target } of importsOf(sources)) {
    if (target !== undefined) links.set(from, [...(links.get(from) ?? []), target])
  }
  const done = new Set<string>()
  const found: Violation[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      const circle = [...trail.slice(trail.indexOf(path)), path]
      found.push(`${path}: a circle, ${circle.join(' → ')}; move what they share to a file below both`)
    }
    if (trail.includes(path) || done.has(path)) return
    for (const next of links.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const path of sources.keys()) visit(path, [])
  return found
}

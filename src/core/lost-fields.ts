import { pathTo } from './issues.ts'
import { isObject } from './json.ts'
import type { Warning } from './response.ts'

/**
 * Collects the paths of the fields of `given` that `checked`, its checked form, does not have. Blank values are no loss. A
 * `null` counts as absent, also in `checked`, from which it is removed.
 */
export function findLost(given: unknown, checked: unknown, path: string, lost: string[]): void {
  if (given === checked) return
  if (Array.isArray(given) && Array.isArray(checked))
    for (const [at, item] of given.entries()) {
      if (isObject(item) || Array.isArray(item)) findLost(item, checked[at], `${path}.${at}`, lost)
    }
  else if (isObject(given) && isObject(checked)) {
    for (const [name, value] of Object.entries(given)) {
      if (value === null && checked[name] === null && !MEANINGFUL.has(name))
        Reflect.deleteProperty(checked, name)
      if (isBlank(value)) continue
      if (Object.hasOwn(checked, name)) findLost(value, checked[name], pathTo(path, name), lost)
      else addLost(lost, pathTo(path, name))
    }
  }
}

// Fields in which null is a value.
const MEANINGFUL: ReadonlySet<string> = new Set(['arguments', 'content'])

// What clients write for "nothing": `name: null`, `annotations: []`.
function isBlank(value: unknown): boolean {
  if (value === undefined || value === null) return true
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0
}

// Most lost fields of one request that are counted, and most warnings about them.
const MAX_LOST = 1000
const MAX_WARNINGS = 20

/** Adds the path of a lost field, up to 1 000 of them: a hostile request must not be answered with a larger list. */
export function addLost(lost: string[], path: string): void {
  if (lost.length < MAX_LOST) lost.push(path)
}

/** One warning for each kind of lost field, which names the first of its kind. At most 20. */
export function lostFieldWarnings(lost: readonly string[]): Warning[] {
  const kinds = new Map<string, { readonly path: string; count: number }>()
  for (const path of lost) {
    const kind = path.replaceAll(/\.\d+/g, '')
    const found = kinds.get(kind)
    if (found !== undefined) found.count++
    else if (kinds.size < MAX_WARNINGS) kinds.set(kind, { path, count: 1 })
  }
  return [...kinds.values()].map(({ path, count }) => {
    const more = lost.length === MAX_LOST ? 'more' : `${count - 1} more`
    const others = count === 1 ? '' : ` (and ${more})`
    const message = `${path}${others} was not sent: it is an unknown field; use providerOptions to send a provider its own`
    return { type: 'unsupported', path, message }
  })
}

import { isObject } from './json.ts'
import type { Warning } from './response.ts'

/**
 * Collects the paths of the fields of `given` that `checked`, its checked form, does not have. Blank values are no loss. A
 * `null` counts as absent, also in `checked`, from which it is removed.
 */
export function findLost(given: unknown, checked: unknown, path: string, lost: string[]): void {
  if (given === checked) return
  if (Array.isArray(given) && Array.isArray(checked))
    for (const [at, item] of given.entries()) findLost(item, checked[at], `${path}.${at}`, lost)
  else if (isObject(given) && isObject(checked)) {
    for (const [name, value] of Object.entries(given)) {
      if (value === null && checked[name] === null && !MEANINGFUL.has(name))
        Reflect.deleteProperty(checked, name)
      if (isBlank(value)) continue
      if (Object.hasOwn(checked, name)) findLost(value, checked[name], `${path}.${name}`, lost)
      else lost.push(`${path}.${name}`)
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

/** One warning for each kind of lost field, which names the first of its kind. */
export function lostFieldWarnings(lost: readonly string[]): Warning[] {
  const kinds = new Map<string, string[]>()
  for (const path of lost) {
    const kind = path.replaceAll(/\.\d+/g, '')
    kinds.set(kind, [...(kinds.get(kind) ?? []), path])
  }
  return [...kinds.values()].map((paths) => {
    const [path = ''] = paths
    const others = paths.length === 1 ? '' : ` (and ${paths.length - 1} more)`
    const message = `${path}${others} was not sent: it is an unknown field; use providerOptions to send a provider its own`
    return { type: 'unsupported', path, message }
  })
}

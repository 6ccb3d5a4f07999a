import type { NameRule } from './rules.ts'
import { stableHash } from './stable-hash.ts'

/** The names of tools on the wire, and back. */
export interface NameMap {
  /** The name on the wire. */
  wire(name: string): string
  /** The caller's names by those on the wire; empty if no name of a tool was changed. */
  readonly original: ReadonlyMap<string, string>
}

/**
 * Maps the names of tools to a format's alphabet and length. A name depends on itself alone, unless two tools would share
 * one. Names that only the history holds, such as those that a model made up, are changed in the same way.
 */
export function createNameMap(rule: NameRule, tools: readonly { readonly name: string }[]): NameMap {
  const original = new Map<string, string>()
  const known = new Map<string, string>()
  const taken = new Set(tools.map(({ name }) => name).filter((name) => isAllowed(name, rule)))
  const wire = (name: string): string => {
    const found = known.get(name)
    if (found !== undefined || isAllowed(name, rule)) return found ?? name
    const fitted = fitName(name, rule)
    const made = taken.has(fitted) ? shorten(`${fitted}_`, name, rule.max) : fitted
    taken.add(made)
    known.set(name, made)
    return made
  }
  for (const { name } of tools) {
    const made = wire(name)
    if (made !== name) original.set(made, name)
  }
  return { wire, original }
}

/** A name as a format accepts it; `undefined` if nothing is left of it. */
export function fitSpeaker(name: string, rule: NameRule): string | undefined {
  if (isAllowed(name, rule)) return name
  if (name.replaceAll(new RegExp(rule.refused, 'gu'), '') === '') return undefined
  // A name that was cut must not end in half a character.
  return fitName(name, rule).replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/, '')
}

function isAllowed(name: string, { refused, refusedStart, max }: NameRule): boolean {
  return name !== '' && name.length <= max && !refused.test(name) && refusedStart?.test(name) !== true
}

function fitName(name: string, { refused, refusedStart, max }: NameRule): string {
  const fitted = name.replaceAll(new RegExp(refused, `g${refused.flags}`), '_')
  const begun = fitted === '' || refusedStart?.test(fitted) === true ? `_${fitted}` : fitted
  return begun.length <= max ? begun : shorten(begun, name, max)
}

// The hash keeps names apart that begin alike.
function shorten(text: string, name: string, max: number): string {
  const hash = stableHash(name).slice(0, 8)
  return text.slice(0, max - hash.length - 1).replace(/_?$/, '_') + hash
}

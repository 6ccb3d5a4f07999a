import { callSafely } from '../core/host-function.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { callable, kind, type Group } from '../core/schema.ts'
import type { Moderator } from './moderator.ts'
import { RuleSet } from './rule-set.ts'

/** Placeholders and the values that they replaced. Contains personal data; keep it only where the values may be. */
export interface ReversibleRedactions {
  /** Returns the placeholder of a value; the same one for the same value. */
  put(type: string, value: string): string
  /** Replaces every placeholder of this set by its value. Other placeholders stay. */
  restore(text: string): string
  /** A moderator that restores values in responses, streams and tool arguments included. Add it after all others. */
  readonly restoring: Moderator
  /** The values by placeholder. */
  readonly entries: ReadonlyMap<string, string>
}

/** Options of {@link createPlaceholders}. */
export interface PlaceholderOptions {
  /** Placeholders and values of an earlier set, such as its `entries`, so that texts keep their meaning after a restart. Default: none. */
  readonly entries?: Iterable<readonly [placeholder: string, value: string]> | undefined
  /** Called with each new placeholder and its value, for example to store them. Must not throw. */
  readonly onAdd?: ((placeholder: string, value: string) => void) | undefined
}

/** The schema of {@link PlaceholderOptions}. */
export const placeholdersSchema: Group = optionsSchema<PlaceholderOptions>()(() => ({
  entries: kind('pairs of a placeholder such as [EMAIL_1] and its value', isEntries),
  onAdd: callable,
}))

const SHAPE = /\[[A-Z][A-Z_]*_\d+\]/g
const WHOLE = /^\[([A-Z][A-Z_]*)_(\d{1,9})\]$/

/**
 * Creates a set of placeholders such as `[EMAIL_1]`. Use one per conversation, because a set reveals its values. Throws
 * `misconfigured` if an option is not valid.
 */
export function createPlaceholders(options: PlaceholderOptions = {}): ReversibleRedactions {
  checkOptions('createPlaceholders', placeholdersSchema, options)
  const { entries = [], onAdd } = options
  const values = new Map<string, string>()
  const names = new Map<string, string>()
  const counts = new Map<string, number>()
  const add = (type: string, number: number, value: string): string => {
    const name = `[${type}_${number}]`
    counts.set(type, Math.max(number, counts.get(type) ?? 0))
    names.set(`${type}:${value}`, name)
    values.set(name, value)
    return name
  }
  for (const [name, value] of entries) {
    const [, type = '', number] = WHOLE.exec(name) ?? []
    add(type, Number(number), value)
  }
  const put = (given: string, value: string): string => {
    const type = given.toUpperCase().replaceAll('-', '_')
    const known = names.get(`${type}:${value}`)
    if (known !== undefined) return known
    const name = add(type, (counts.get(type) ?? 0) + 1, value)
    callSafely(() => onAdd?.(name, value))
    return name
  }
  const valueOf = (name: string): string => values.get(name.toUpperCase()) ?? name
  const restoring = new RuleSet([
    {
      id: 'placeholder',
      pattern: SHAPE.source,
      action: 'redact',
      verify: (text) => (values.has(text.toUpperCase()) ? {} : undefined),
      replace: valueOf,
    },
  ])
  const nothing = new RuleSet([])
  return {
    put,
    restore: (text) => text.replaceAll(SHAPE, valueOf),
    restoring: {
      name: 'placeholders',
      // Only responses get values back; user messages stay unchanged.
      scan: (judge, { source }) => (source === 'output' ? restoring : nothing).open(judge),
    },
    entries: values,
  }
}

function isEntries(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !(Symbol.iterator in value)) return false
  return [...(value as Iterable<unknown>)].every(
    (entry) =>
      Array.isArray(entry) &&
      entry.length === 2 &&
      WHOLE.test(String(entry[0])) &&
      typeof entry[1] === 'string',
  )
}

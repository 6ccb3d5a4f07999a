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

const SHAPE = /\[[A-Z][A-Z_]*_\d+\]/g

/** Creates a set of placeholders such as `[EMAIL_1]`. Use one per conversation, because a set reveals its values. */
export function createPlaceholders(): ReversibleRedactions {
  const values = new Map<string, string>()
  const names = new Map<string, string>()
  const counts = new Map<string, number>()
  const put = (type: string, value: string): string => {
    const key = `${type}:${value}`
    const known = names.get(key)
    if (known !== undefined) return known
    const count = (counts.get(type) ?? 0) + 1
    counts.set(type, count)
    const name = `[${type.toUpperCase().replaceAll('-', '_')}_${count}]`
    names.set(key, name)
    values.set(name, value)
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

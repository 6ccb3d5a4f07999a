import type { Moderator } from './moderator.ts'
import { RuleSet } from './rule-set.ts'

/** Placeholders with the values behind them. Holds what was taken out: keep it where the values may be. */
export interface ReversibleRedactions {
  /** The placeholder of a value: the same for the same value. */
  put(type: string, value: string): string
  /** The text with every placeholder of this set replaced by its value; others stay. */
  restore(text: string): string
  /** Puts the values back in answers, also in streams and tool arguments, and leaves input alone. Goes after all other moderators. */
  readonly restoring: Moderator
  /** Placeholder → value. */
  readonly entries: ReadonlyMap<string, string>
}

const SHAPE = /\[[A-Z][A-Z_]*_\d+\]/g

/** Makes a set of placeholders such as `[EMAIL_1]`: for one conversation, as a rule. */
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
      // What a user writes stays as it is: only answers get values back.
      scan: (judge, { source }) => (source === 'output' ? restoring : nothing).open(judge),
    },
    entries: values,
  }
}

import type { Dictionary } from './record.ts'
import type { EntryUsage } from './store.ts'

/** Figures on the entries of a dictionary and their use. */
export interface DictionaryStatistics {
  readonly entries: number
  readonly enabled: number
  readonly literal: number
  readonly regex: number
  readonly groups: number
  /** Number of replacements by entries that still exist. */
  readonly replacements: number
  /** Milliseconds since 1970; `undefined` if nothing was replaced yet. */
  readonly lastUsedAt: number | undefined
  /** Use of each entry, most used first. */
  readonly usage: readonly EntryUsage[]
}

/** Computes the statistics of a dictionary. */
export function statisticsOf({ entries }: Dictionary, usage: readonly EntryUsage[]): DictionaryStatistics {
  const ids = new Set(entries.map(({ id }) => id))
  const own = usage.filter(({ entryId }) => ids.has(entryId)).toSorted((a, b) => b.count - a.count)
  return {
    entries: entries.length,
    enabled: entries.filter(({ enabled }) => enabled).length,
    literal: entries.filter(({ type }) => type === 'literal').length,
    regex: entries.filter(({ type }) => type === 'regex').length,
    groups: new Set(entries.map(({ group }) => group).filter((group) => group !== '')).size,
    replacements: own.reduce((sum, { count }) => sum + count, 0),
    lastUsedAt: own.length === 0 ? undefined : Math.max(...own.map(({ lastUsedAt }) => lastUsedAt)),
    usage: own,
  }
}

import type { Dictionary } from './record.ts'
import type { EntryUsage } from './store.ts'

/** What is in a dictionary, and what was used of it. */
export interface DictionaryStatistics {
  readonly entries: number
  readonly enabled: number
  readonly literal: number
  readonly regex: number
  readonly groups: number
  /** Places replaced so far, by entries that are still there. */
  readonly replacements: number
  /** Milliseconds since 1970; `undefined` where nothing was replaced yet. */
  readonly lastUsedAt: number | undefined
  /** Entries by how much they replaced, most first. */
  readonly usage: readonly EntryUsage[]
}

/** Puts the figures of a dictionary together. */
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

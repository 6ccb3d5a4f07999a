import { LlmError } from '../../core/error.ts'
import type { Breather } from './breather.ts'
import {
  changeEntry,
  MAX_ENTRIES,
  readEntries,
  tooManyEntries,
  type DictionaryEntry,
  type DictionaryEntryInput,
} from './record.ts'

/** What to do with entries; done in this order. */
export interface EntryChanges {
  readonly add?: readonly DictionaryEntryInput[] | undefined
  /** New values of some fields, by entry id. */
  readonly update?: Readonly<Record<string, Partial<DictionaryEntryInput>>> | undefined
  /** Ids of entries to be switched on. */
  readonly enable?: readonly string[] | undefined
  /** Ids of entries to be switched off. */
  readonly disable?: readonly string[] | undefined
  readonly remove?: readonly string[] | undefined
}

/** The entries after the changes. Rejects with `not-found` for an id that none has, and `invalid-request`. */
export async function changeEntries(
  entries: readonly DictionaryEntry[],
  { add = [], update = {}, enable = [], disable = [], remove = [] }: EntryChanges,
  breather: Breather,
): Promise<DictionaryEntry[]> {
  const known = new Map(entries.map((entry) => [entry.id, entry]))
  const entryOf = (id: string): DictionaryEntry => {
    const entry = known.get(id)
    if (entry === undefined)
      throw new LlmError('not-found', `the dictionary has no entry of the id ${id.slice(0, 64)}`)
    return entry
  }
  for (const [id, changes] of Object.entries(update)) {
    await breather.pause()
    known.set(id, changeEntry(entryOf(id), changes))
  }
  for (const id of enable) known.set(id, { ...entryOf(id), enabled: true })
  for (const id of disable) known.set(id, { ...entryOf(id), enabled: false })
  for (const id of remove) known.delete(entryOf(id).id)
  if (known.size + add.length > MAX_ENTRIES) throw tooManyEntries()
  return [...known.values(), ...(await readEntries(add, breather))]
}

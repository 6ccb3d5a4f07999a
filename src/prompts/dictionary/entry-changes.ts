import { LlmError } from '../../core/error.ts'
import type { YieldWhenDue } from '../../core/yield.ts'
import {
  changeEntry,
  MAX_ENTRIES,
  readEntries,
  tooManyEntries,
  type DictionaryEntry,
  type DictionaryEntryInput,
} from './record.ts'

/** Changes of entries. `update`, `enable`, `disable`, `remove` and `add` apply in this order. */
export interface EntryChanges {
  readonly add?: readonly DictionaryEntryInput[] | undefined
  /** Changed fields by entry id. */
  readonly update?: Readonly<Record<string, Partial<DictionaryEntryInput>>> | undefined
  /** Ids of entries to enable. */
  readonly enable?: readonly string[] | undefined
  /** Ids of entries to disable. */
  readonly disable?: readonly string[] | undefined
  readonly remove?: readonly string[] | undefined
}

/** Applies changes to entries. Rejects with `not-found` for an unknown id, `invalid-request` for invalid fields. */
export async function changeEntries(
  entries: readonly DictionaryEntry[],
  { add = [], update = {}, enable = [], disable = [], remove = [] }: EntryChanges,
  yieldWhenDue: YieldWhenDue,
): Promise<DictionaryEntry[]> {
  const known = new Map(entries.map((entry) => [entry.id, entry]))
  const entryOf = (id: string): DictionaryEntry => {
    const entry = known.get(id)
    if (entry === undefined)
      throw new LlmError(
        'not-found',
        `unknown entry "${id.slice(0, 64)}"; get() returns the entries of the dictionary`,
      )
    return entry
  }
  for (const [id, changes] of Object.entries(update)) {
    await yieldWhenDue()
    known.set(id, changeEntry(entryOf(id), changes))
  }
  for (const id of enable) known.set(id, { ...entryOf(id), enabled: true })
  for (const id of disable) known.set(id, { ...entryOf(id), enabled: false })
  for (const id of remove) known.delete(entryOf(id).id)
  if (known.size + add.length > MAX_ENTRIES) throw tooManyEntries()
  return [...known.values(), ...(await readEntries(add, yieldWhenDue))]
}

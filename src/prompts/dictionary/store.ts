import { LlmError } from '../../core/error.ts'
import type { Dictionary } from './record.ts'

/** Which dictionaries to list. */
export interface DictionaryQuery {
  readonly active?: boolean | undefined
  /** Part of a name or description, in any case. */
  readonly search?: string | undefined
  /** Default 100. */
  readonly limit?: number | undefined
  readonly offset?: number | undefined
}

/** Replacements that one entry made. */
export interface EntryUse {
  readonly dictionaryId: string
  readonly entryId: string
  readonly count: number
  /** Milliseconds since 1970. */
  readonly at: number
}

/** All that one entry has replaced so far. */
export interface EntryUsage {
  readonly entryId: string
  readonly count: number
  readonly lastUsedAt: number
}

/**
 * Keeps dictionaries, each as a whole, and how often their entries were used.
 *
 * Laws, which `dictionaryStoreLaws` checks:
 * - `get` finds by id, else by name; `undefined` where there is none. `list` is sorted by name.
 * - `save` takes a dictionary at the version it was read at, 0 for a new one, and gives it back one version on. It rejects
 *   with `conflict` where the stored version is another, and where another has the name; nothing is changed then.
 * - Of saves at once of one version exactly one succeeds.
 * - `addUses` adds up, also at once, and changes no version; uses of a dictionary that was deleted are gone.
 * - What was given or is given back is not shared.
 */
export interface DictionaryStore {
  get(idOrName: string): Promise<Dictionary | undefined>
  list(query?: DictionaryQuery): Promise<readonly Dictionary[]>
  save(dictionary: Dictionary): Promise<Dictionary>
  /** False where there was none. With `version`, rejects with `conflict` where the stored one is another. */
  delete(id: string, version?: number): Promise<boolean>
  addUses(uses: readonly EntryUse[]): Promise<void>
  usage(dictionaryId: string): Promise<readonly EntryUsage[]>
  /** Releases connections that the store opened itself. */
  close?(): Promise<void>
}

/** A store in this process. */
export function createMemoryDictionaryStore(): DictionaryStore {
  const byId = new Map<string, Dictionary>()
  const uses = new Map<string, Map<string, EntryUsage>>()
  const idOf = (name: string): string | undefined =>
    [...byId.values()].find((found) => found.name === name)?.id
  return {
    get: async (idOrName) => {
      const found = byId.get(idOrName) ?? byId.get(idOf(idOrName) ?? '')
      return found === undefined ? undefined : structuredClone(found)
    },
    list: async ({ active, search = '', limit = 100, offset = 0 } = {}) => {
      const words = search.toLowerCase()
      const found = [...byId.values()].filter(
        (item) =>
          (active === undefined || item.active === active) &&
          [item.name, item.description].some((text) => text.toLowerCase().includes(words)),
      )
      const sorted = found.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
      return sorted.slice(offset, offset + limit).map((item) => structuredClone(item))
    },
    save: async (dictionary) => {
      const stored = byId.get(dictionary.id)?.version ?? 0
      if (dictionary.version !== stored) throw staleError(dictionary, stored)
      const holder = idOf(dictionary.name)
      if (holder !== undefined && holder !== dictionary.id) throw nameError(dictionary.name)
      const saved = structuredClone({ ...dictionary, version: stored + 1 })
      byId.set(saved.id, saved)
      return structuredClone(saved)
    },
    delete: async (id, version) => {
      const stored = byId.get(id)
      if (stored === undefined) return false
      if (version !== undefined && version !== stored.version)
        throw staleError({ ...stored, version }, stored.version)
      uses.delete(id)
      return byId.delete(id)
    },
    addUses: async (more) => {
      for (const { dictionaryId, entryId, count, at } of more) {
        if (!byId.has(dictionaryId)) continue
        const own = uses.get(dictionaryId) ?? new Map<string, EntryUsage>()
        const known = own.get(entryId)
        own.set(entryId, {
          entryId,
          count: (known?.count ?? 0) + count,
          lastUsedAt: Math.max(known?.lastUsedAt ?? 0, at),
        })
        uses.set(dictionaryId, own)
      }
    },
    usage: async (dictionaryId) => [...(uses.get(dictionaryId)?.values() ?? [])],
  }
}

function staleError({ name, version }: Dictionary, stored: number): LlmError {
  const state = stored === 0 ? 'is not stored any more' : `is at version ${stored} by now`
  return new LlmError(
    'conflict',
    `the dictionary "${name}" was changed from version ${version}, and ${state}: read it again`,
  )
}

function nameError(name: string): LlmError {
  return new LlmError('conflict', `another dictionary has the name "${name}": choose another`)
}

import { LlmError } from '../../core/error.ts'
import type { Dictionary } from './record.ts'

/** Which dictionaries `DictionaryStore.list` returns. */
export interface DictionaryQuery {
  /** Only dictionaries of this owner, or of these. Default: those of the application, `''`. */
  readonly owner?: string | readonly string[] | undefined
  readonly active?: boolean | undefined
  /** Part of a name or description. Case is ignored. */
  readonly search?: string | undefined
  /** Maximum number of dictionaries. Default 100. */
  readonly limit?: number | undefined
  readonly offset?: number | undefined
}

/** Replacements by one entry in one text. */
export interface EntryUse {
  readonly dictionaryId: string
  readonly entryId: string
  readonly count: number
  /** Milliseconds since 1970. */
  readonly at: number
}

/** Total replacements by one entry. */
export interface EntryUsage {
  readonly entryId: string
  readonly count: number
  readonly lastUsedAt: number
}

/**
 * A store for dictionaries, each saved as a whole, and for the use of their entries.
 *
 * Contract, which `dictionaryStoreLaws` checks:
 * - `get` finds by id, else by name among the dictionaries of `owner` (default: of the application, `''`); `undefined` if there
 *   is none. `list` is sorted by name, then by owner.
 * - `save` takes a dictionary with the version at which it was read (0 for a new one) and returns it with the next version.
 *   It rejects with `conflict`, and changes nothing, if the stored version differs or another dictionary of the owner has the
 *   name.
 * - Of concurrent saves of one version, exactly one succeeds.
 * - `addUses` adds to the totals, also concurrently, and changes no version. Deleting a dictionary deletes its totals.
 * - Arguments and results are copies: changing them changes nothing in the store.
 */
export interface DictionaryStore {
  get(idOrName: string, owner?: string): Promise<Dictionary | undefined>
  list(query?: DictionaryQuery): Promise<readonly Dictionary[]>
  save(dictionary: Dictionary): Promise<Dictionary>
  /** Resolves with false if there was none. With `version`, rejects with `conflict` if the stored version differs. */
  delete(id: string, version?: number): Promise<boolean>
  addUses(uses: readonly EntryUse[]): Promise<void>
  usage(dictionaryId: string): Promise<readonly EntryUsage[]>
  /** Closes connections that the store opened itself. */
  close?(): Promise<void>
}

/** Creates a store in memory. */
export function createMemoryDictionaryStore(): DictionaryStore {
  const byId = new Map<string, Dictionary>()
  const uses = new Map<string, Map<string, EntryUsage>>()
  const idOf = (name: string, owner: string): string | undefined =>
    [...byId.values()].find((found) => found.name === name && (found.owner ?? '') === owner)?.id
  return {
    get: async (idOrName, owner = '') => {
      const found = byId.get(idOrName) ?? byId.get(idOf(idOrName, owner) ?? '')
      return found === undefined ? undefined : structuredClone(found)
    },
    list: async ({ active, search = '', limit = 100, offset = 0, owner = '' } = {}) => {
      const words = search.toLowerCase()
      const found = [...byId.values()].filter(
        (item) =>
          (typeof owner === 'string' ? [owner] : owner).includes(item.owner ?? '') &&
          (active === undefined || item.active === active) &&
          [item.name, item.description].some((text) => text.toLowerCase().includes(words)),
      )
      const sorted = found.toSorted(
        (a, b) => compare(a.name, b.name) || compare(a.owner ?? '', b.owner ?? ''),
      )
      return sorted.slice(offset, offset + limit).map((item) => structuredClone(item))
    },
    save: async (dictionary) => {
      const stored = byId.get(dictionary.id)?.version ?? 0
      if (dictionary.version !== stored) throw staleError(dictionary, stored)
      const holder = idOf(dictionary.name, dictionary.owner ?? '')
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

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function staleError({ name, version }: Dictionary, stored: number): LlmError {
  const state = stored === 0 ? 'it is not stored' : `version ${stored} is stored`
  return new LlmError(
    'conflict',
    `dictionary "${name}": version ${version} was given, but ${state}; read it again, then repeat the change`,
  )
}

function nameError(name: string): LlmError {
  return new LlmError('conflict', `the name "${name}" is used by another dictionary; choose another name`)
}

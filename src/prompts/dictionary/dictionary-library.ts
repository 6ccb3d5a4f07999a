import { systemClock, type Clock } from '../../core/clock.ts'
import { LlmError } from '../../core/error.ts'
import { newId } from '../../core/create-id.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Warning } from '../../core/response.ts'
import type { Random } from '../random.ts'
import { Breather } from './breather.ts'
import { changeEntries, type EntryChanges } from './entry-changes.ts'
import { fromJson, fromMarkdown, toJson, toMarkdown, type DictionaryDraft } from './interchange.ts'
import { compilePattern } from './pattern.ts'
import { Processing, type ProcessOptions, type ProcessResult, type ReadyEntry } from './apply-dictionary.ts'
import {
  readEntries,
  readHead,
  type Dictionary,
  type DictionaryEntry,
  type DictionaryEntryInput,
  type DictionaryHead,
} from './record.ts'
import type { Finder } from './span.ts'
import { statisticsOf, type DictionaryStatistics } from './statistics.ts'
import type { DictionaryQuery, DictionaryStore } from './store.ts'
import { EntryCooldown } from './entry-cooldown.ts'

export interface DictionaryLibraryOptions {
  readonly store: DictionaryStore
  readonly clock?: Clock | undefined
  /** For draws of `process`. Default `Math.random`; see `createRandom`. */
  readonly random?: Random | undefined
  /** Counts which entries replaced how much. Default true. */
  readonly countUses?: boolean | undefined
}

/** What a dictionary is made from. */
export type DictionaryInput = Partial<DictionaryHead> &
  Pick<DictionaryHead, 'name'> & { readonly entries?: readonly DictionaryEntryInput[] | undefined }

/** An entry that a search found. */
export interface EntryHit {
  readonly dictionaryId: string
  readonly dictionary: string
  readonly entry: DictionaryEntry
}

/**
 * Dictionaries over a store. Everything that changes one takes the version that the caller has seen, and rejects with
 * `conflict` where the stored one is another; without a version the change is made to whatever is stored. Ids may be names
 * everywhere. What is not there rejects with `not-found`, what is not right with `invalid-request` and all issues.
 */
export interface DictionaryLibrary {
  create(input: DictionaryInput): Promise<Dictionary>
  get(idOrName: string): Promise<Dictionary>
  list(query?: DictionaryQuery): Promise<readonly Dictionary[]>
  /** Changes name, description or whether it is active. */
  update(id: string, changes: Partial<DictionaryHead>, version?: number): Promise<Dictionary>
  /** Switches `active` to the other, or to what is given. */
  toggle(id: string, active?: boolean): Promise<Dictionary>
  /** The same entries under another name, with ids of their own. */
  clone(id: string, name: string): Promise<Dictionary>
  delete(id: string, version?: number): Promise<void>
  /** Adds, changes, switches and removes entries in one step: all or nothing. */
  change(id: string, changes: EntryChanges, version?: number): Promise<Dictionary>
  /** Entries whose pattern, replacement or group holds these words, in any case of letters. */
  search(words: string, options?: { readonly limit?: number | undefined }): Promise<readonly EntryHit[]>
  exportJson(id: string): Promise<JsonObject>
  exportMarkdown(id: string): Promise<string>
  /** Takes an object or its text. A `name` counts more than the one inside. */
  importJson(source: unknown, options?: { readonly name?: string | undefined }): Promise<Dictionary>
  /** Takes Markdown, or a dictionary file of `key: value` lines. */
  importMarkdown(source: string, options?: { readonly name?: string | undefined }): Promise<Dictionary>
  statistics(id: string): Promise<DictionaryStatistics>
  /** Replaces by the named dictionaries, in this order, or by all; those that are not active take no part. */
  process(
    text: string,
    options?: ProcessOptions & { readonly dictionaries?: readonly string[] },
  ): Promise<ProcessResult>
}

/** Makes a library. There is nothing to close; the store is the host's. */
export function createDictionaryLibrary(options: DictionaryLibraryOptions): DictionaryLibrary {
  const { store, clock = systemClock, random } = options
  const shelf = new Shelf(store, clock)
  const timing = new EntryCooldown(clock)
  const add = async (draft: DictionaryDraft | DictionaryInput): Promise<Dictionary> => {
    const head = readHead(draft)
    const now = clock.epochMs()
    const entries = await readEntries(draft.entries ?? [], new Breather(clock))
    return store.save({ id: newId('dict'), ...head, entries, createdAt: now, updatedAt: now, version: 0 })
  }
  return {
    create: add,
    get: (idOrName) => shelf.get(idOrName),
    list: (query) => store.list(query),
    update: (id, changes, version) =>
      shelf.change(id, (old) => ({ ...old, ...readHead({ ...old, ...present(changes) }) }), version),
    toggle: (id, active) => shelf.change(id, (old) => ({ ...old, active: active ?? !old.active })),
    clone: async (id, name) => add({ ...(await shelf.get(id)), name }),
    delete: async (id, version) => {
      const { id: own } = await shelf.get(id)
      if (!(await store.delete(own, version))) throw notFound()
    },
    change: (id, changes, version) => {
      const change = async (old: Dictionary): Promise<Dictionary> => {
        const entries = await changeEntries(old.entries, changes, new Breather(clock))
        return { ...old, entries }
      }
      return shelf.change(id, change, version)
    },
    search: async (words, { limit = 100 } = {}) => (await shelf.search(words)).slice(0, limit),
    exportJson: async (id) => toJson(await shelf.get(id)),
    exportMarkdown: async (id) => toMarkdown(await shelf.get(id)),
    importJson: async (source, { name } = {}) => add(renamed(fromJson(source), name)),
    importMarkdown: async (source, { name } = {}) => add(fromMarkdown(source, name)),
    statistics: async (id) => {
      const dictionary = await shelf.get(id)
      return statisticsOf(dictionary, await store.usage(dictionary.id))
    },
    process: async (text, { dictionaries, ...how } = {}) => {
      const processing = new Processing(text, timing, { random, ...how, clock })
      const result = await processing.run(await shelf.ready(dictionaries))
      if (options.countUses === false || processing.uses.size === 0) return result
      const warnings = await countUses(store, processing, clock.epochMs())
      return warnings.length === 0 ? result : { ...result, warnings: [...result.warnings, ...warnings] }
    },
  }
}

const MOST_TRIES = 10
const MOST_COMPILED = 1_000
const ALL = 1_000_000

/** The dictionaries of a store, with their patterns compiled. */
class Shelf {
  readonly #store: DictionaryStore
  readonly #clock: Clock
  readonly #compiled = new Map<string, { readonly version: number; readonly ready: readonly ReadyEntry[] }>()

  constructor(store: DictionaryStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  async get(idOrName: string): Promise<Dictionary> {
    const found = await this.#store.get(idOrName)
    if (found === undefined) throw notFound()
    return found
  }

  /** Without a version, a change that meets another is made again. */
  async change(
    id: string,
    change: (old: Dictionary) => Dictionary | Promise<Dictionary>,
    version?: number,
  ): Promise<Dictionary> {
    for (let tries = 1; ; tries++) {
      const old = await this.get(id)
      const updatedAt = this.#clock.epochMs()
      try {
        return await this.#store.save({ ...(await change(old)), version: version ?? old.version, updatedAt })
      } catch (error) {
        const met =
          LlmError.is(error, 'conflict') &&
          version === undefined &&
          (await this.get(id)).version !== old.version
        if (!met || tries >= MOST_TRIES) throw error
      }
    }
  }

  async search(words: string): Promise<readonly EntryHit[]> {
    const sought = words.toLowerCase()
    const all = await this.#store.list({ limit: ALL })
    return all.flatMap(({ id, name, entries }) =>
      entries
        .filter(({ pattern, replacement, group }) =>
          [pattern, replacement, group].some((text) => text.toLowerCase().includes(sought)),
        )
        .map((entry) => ({ dictionaryId: id, dictionary: name, entry })),
    )
  }

  async ready(names: readonly string[] | undefined): Promise<readonly ReadyEntry[]> {
    const dictionaries =
      names === undefined
        ? await this.#store.list({ active: true, limit: ALL })
        : await Promise.all(names.map((name) => this.get(name)))
    return dictionaries.filter(({ active }) => active).flatMap((dictionary) => this.#compile(dictionary))
  }

  #compile({ id, version, entries }: Dictionary): readonly ReadyEntry[] {
    const known = this.#compiled.get(id)
    if (known?.version === version) return known.ready
    const enabled = entries.filter((entry) => entry.enabled)
    const ready = enabled.map((entry) => ({ dictionaryId: id, entry, finder: lazyFinder(entry) }))
    this.#compiled.delete(id)
    this.#compiled.set(id, { version, ready })
    const [oldest] = this.#compiled.keys()
    if (this.#compiled.size > MOST_COMPILED && oldest !== undefined) this.#compiled.delete(oldest)
    return ready
  }
}

/** Compiled when it is first needed: thousands at once would hold the thread. */
function lazyFinder(entry: DictionaryEntry): Finder {
  let finder: Finder | undefined
  const compiled = (): Finder => {
    const pattern = compilePattern(entry)
    // A store may hold what another version of this library accepted.
    return 'finder' in pattern ? pattern.finder : { spans: async () => [] }
  }
  return { spans: (text, breather) => (finder ??= compiled()).spans(text, breather) }
}

/** A text that was processed is not lost with a count. */
async function countUses(store: DictionaryStore, { uses }: Processing, at: number): Promise<Warning[]> {
  const counted = [...uses].map(([{ dictionaryId, entry }, count]) => ({
    dictionaryId,
    entryId: entry.id,
    count,
    at,
  }))
  try {
    await store.addUses(counted)
    return []
  } catch {
    return [{ type: 'other', message: 'The uses of dictionary entries could not be counted.' }]
  }
}

function renamed(draft: DictionaryDraft, name: string | undefined): DictionaryDraft {
  return name === undefined ? draft : { ...draft, name }
}

function present<T extends object>(changes: T): Partial<T> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as Partial<T>
}

function notFound(): LlmError {
  return new LlmError(
    'not-found',
    'there is no dictionary of the id or name that was given: list() tells which there are',
  )
}

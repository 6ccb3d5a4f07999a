import { systemClock, type Clock } from '../../core/clock.ts'
import { callerKey } from '../../core/caller-key.ts'
import { clockField } from '../../core/common-fields.ts'
import { LlmError } from '../../core/error.ts'
import { newId } from '../../core/create-id.ts'
import type { JsonObject } from '../../core/json.ts'
import { checkOptions, optionsSchema } from '../../core/options.ts'
import type { Warning } from '../../core/response.ts'
import { callable, flag, nonEmptyText, required, withMethods, type Group } from '../../core/schema.ts'
import type { Random } from '../random.ts'
import { createYielder } from '../../core/yield.ts'
import { changeEntries, type EntryChanges } from './entry-changes.ts'
import { fromJson, fromMarkdown, toJson, toMarkdown, type DictionaryDraft } from './interchange.ts'
import { compilePattern } from './pattern.ts'
import {
  Processing,
  type ProcessOptions,
  type ProcessResult,
  type CompiledEntry,
} from './apply-dictionary.ts'
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

/** Options of {@link createDictionaryLibrary}. */
export interface DictionaryLibraryOptions {
  readonly store: DictionaryStore
  /**
   * The user whose dictionaries these are. The library then also reads those of the application, and changes only the user's.
   * Default: those of the application.
   */
  readonly owner?: { readonly userId: string; readonly orgId?: string | undefined } | undefined
  readonly clock?: Clock | undefined
  /** Random source of the draws of `process`. Default `Math.random`; see `createRandom`. */
  readonly random?: Random | undefined
  /** Whether replacements are counted per entry. Default true. */
  readonly countUses?: boolean | undefined
}

/** The schema of {@link DictionaryLibraryOptions}. */
export const dictionaryLibrarySchema: Group = optionsSchema<DictionaryLibraryOptions>()(() => ({
  store: required(withMethods('get', 'list', 'save', 'delete', 'addUses', 'usage')),
  owner: ownerSchema,
  clock: clockField,
  random: callable,
  countUses: flag,
}))

const ownerSchema = optionsSchema<NonNullable<DictionaryLibraryOptions['owner']>>()(() => ({
  userId: required(nonEmptyText),
  orgId: nonEmptyText,
}))

/** Fields of a new dictionary. Only the name is required. */
export type DictionaryInput = Partial<DictionaryHead> &
  Pick<DictionaryHead, 'name'> & { readonly entries?: readonly DictionaryEntryInput[] | undefined }

/** An entry found by `DictionaryLibrary.search`. */
export interface EntryHit {
  readonly dictionaryId: string
  readonly dictionary: string
  readonly entry: DictionaryEntry
}

/**
 * Dictionaries of a store. Every id may also be a name. Methods reject with `not-found` if a dictionary or entry does not
 * exist, and with `invalid-request` and all issues if an argument is invalid. They reject with `conflict` if a name is in
 * use, or if `version` is not the stored version. Without `version`, a change applies to the stored version.
 */
export interface DictionaryLibrary {
  create(input: DictionaryInput): Promise<Dictionary>
  get(idOrName: string): Promise<Dictionary>
  list(query?: DictionaryQuery): Promise<readonly Dictionary[]>
  /** Changes name, description or `active`. */
  update(id: string, changes: Partial<DictionaryHead>, version?: number): Promise<Dictionary>
  /** Inverts `active`, or sets it to the given value. */
  toggle(id: string, active?: boolean): Promise<Dictionary>
  /** Copies a dictionary under another name. Its entries get new ids. */
  clone(id: string, name: string): Promise<Dictionary>
  delete(id: string, version?: number): Promise<void>
  /** Adds, changes, enables, disables and removes entries atomically. */
  change(id: string, changes: EntryChanges, version?: number): Promise<Dictionary>
  /** Finds entries whose pattern, replacement or group contains the text. Ignores case. Default of `limit`: 100. */
  search(text: string, options?: { readonly limit?: number | undefined }): Promise<readonly EntryHit[]>
  exportJson(id: string): Promise<JsonObject>
  exportMarkdown(id: string): Promise<string>
  /** Imports an object or JSON text. `name` overrides the name in it. */
  importJson(source: unknown, options?: { readonly name?: string | undefined }): Promise<Dictionary>
  /** Imports Markdown or a dictionary file of `key: value` lines. `name` overrides the name in it. */
  importMarkdown(source: string, options?: { readonly name?: string | undefined }): Promise<Dictionary>
  statistics(id: string): Promise<DictionaryStatistics>
  /** Applies the given dictionaries in order, or all. Skips inactive ones. */
  process(
    text: string,
    options?: ProcessOptions & { readonly dictionaries?: readonly string[] },
  ): Promise<ProcessResult>
}

/**
 * Creates a dictionary library. It needs no closing; the application closes the store. Throws `misconfigured` if an option
 * is unknown or invalid.
 */
export function createDictionaryLibrary(options: DictionaryLibraryOptions): DictionaryLibrary {
  checkOptions('createDictionaryLibrary', dictionaryLibrarySchema, options)
  const { store, clock = systemClock, random } = options
  const owner = callerKey({ user: options.owner?.userId, tenant: options.owner?.orgId }) ?? ''
  const stored = new StoredDictionaries(store, clock, owner)
  const cooldown = new EntryCooldown(clock)
  const add = async (draft: DictionaryDraft | DictionaryInput): Promise<Dictionary> => {
    const head = readHead(draft)
    const now = clock.epochMs()
    const entries = await readEntries(draft.entries ?? [], createYielder(clock))
    const times = { createdAt: now, updatedAt: now }
    return store.save({
      id: newId('dict'),
      ...(owner !== '' && { owner }),
      ...head,
      entries,
      ...times,
      version: 0,
    })
  }
  return {
    create: add,
    get: (idOrName) => stored.get(idOrName),
    list: (query) => store.list({ ...query, owner: stored.owners }),
    update: (id, changes, version) =>
      stored.change(id, (old) => ({ ...old, ...readHead({ ...old, ...definedOnly(changes) }) }), version),
    toggle: (id, active) => stored.change(id, (old) => ({ ...old, active: active ?? !old.active })),
    clone: async (id, name) => add({ ...(await stored.get(id)), name }),
    delete: async (id, version) => {
      const { id: own } = await stored.own(id)
      if (!(await store.delete(own, version))) throw notFound(id)
    },
    change: (id, changes, version) => {
      const change = async (old: Dictionary): Promise<Dictionary> => {
        const entries = await changeEntries(old.entries, changes, createYielder(clock))
        return { ...old, entries }
      }
      return stored.change(id, change, version)
    },
    search: async (text, { limit = 100 } = {}) => (await stored.search(text)).slice(0, limit),
    exportJson: async (id) => toJson(await stored.get(id)),
    exportMarkdown: async (id) => toMarkdown(await stored.get(id)),
    importJson: async (source, { name } = {}) => add(renamed(fromJson(source), name)),
    importMarkdown: async (source, { name } = {}) => add(fromMarkdown(source, name)),
    statistics: async (id) => {
      const dictionary = await stored.get(id)
      return statisticsOf(dictionary, await store.usage(dictionary.id))
    },
    process: async (text, { dictionaries, ...how } = {}) => {
      const processing = new Processing(text, cooldown, { random, ...how, clock })
      const result = await processing.run(await stored.ready(dictionaries))
      if (options.countUses === false || processing.uses.size === 0) return result
      const warnings = await countUses(store, processing, clock.epochMs())
      return warnings.length === 0 ? result : { ...result, warnings: [...result.warnings, ...warnings] }
    },
  }
}

const MAX_ATTEMPTS = 10
const MAX_COMPILED = 1_000
const ALL = 1_000_000

/** The dictionaries of a store, with a cache of compiled patterns. */
class StoredDictionaries {
  readonly #store: DictionaryStore
  readonly #clock: Clock
  readonly #compiled = new Map<
    string,
    { readonly version: number; readonly ready: readonly CompiledEntry[] }
  >()

  /** Whose dictionaries are read: the owner's, and those of the application. */
  readonly owners: readonly string[]

  constructor(store: DictionaryStore, clock: Clock, owner: string) {
    this.#store = store
    this.#clock = clock
    this.owners = owner === '' ? [''] : [owner, '']
  }

  /** Finds a dictionary that the owner may read. A name means the owner's own before one of the application. */
  async get(idOrName: string): Promise<Dictionary> {
    for (const owner of this.owners) {
      const found = await this.#store.get(idOrName, owner)
      if (found !== undefined && this.owners.includes(found.owner ?? '')) return found
    }
    throw notFound(idOrName)
  }

  /** Finds a dictionary that the owner may change. */
  async own(idOrName: string): Promise<Dictionary> {
    const found = await this.get(idOrName)
    if ((found.owner ?? '') === this.owners[0]) return found
    throw new LlmError(
      'unauthorized',
      `dictionary "${idOrName.slice(0, 100)}" belongs to the application: copy it with clone() to change it`,
    )
  }

  /** Reads, changes and saves a dictionary. Without a version, it repeats the change after a concurrent one. */
  async change(
    id: string,
    change: (old: Dictionary) => Dictionary | Promise<Dictionary>,
    version?: number,
  ): Promise<Dictionary> {
    for (let attempt = 1; ; attempt++) {
      const old = await this.own(id)
      const updatedAt = this.#clock.epochMs()
      try {
        return await this.#store.save({ ...(await change(old)), version: version ?? old.version, updatedAt })
      } catch (error) {
        const isConcurrent =
          LlmError.is(error, 'conflict') &&
          version === undefined &&
          (await this.get(id)).version !== old.version
        if (!isConcurrent || attempt >= MAX_ATTEMPTS) throw error
      }
    }
  }

  async search(text: string): Promise<readonly EntryHit[]> {
    const wanted = text.toLowerCase()
    const all = await this.#store.list({ owner: this.owners, limit: ALL })
    return all.flatMap(({ id, name, entries }) =>
      entries
        .filter(({ pattern, replacement, group }) =>
          [pattern, replacement, group].some((field) => field.toLowerCase().includes(wanted)),
        )
        .map((entry) => ({ dictionaryId: id, dictionary: name, entry })),
    )
  }

  async ready(names: readonly string[] | undefined): Promise<readonly CompiledEntry[]> {
    const dictionaries =
      names === undefined
        ? await this.#store.list({ owner: this.owners, active: true, limit: ALL })
        : await Promise.all(names.map((name) => this.get(name)))
    return dictionaries.filter(({ active }) => active).flatMap((dictionary) => this.#compile(dictionary))
  }

  #compile({ id, version, entries }: Dictionary): readonly CompiledEntry[] {
    const known = this.#compiled.get(id)
    if (known?.version === version) return known.ready
    const enabled = entries.filter((entry) => entry.enabled)
    const ready = enabled.map((entry) => ({ dictionaryId: id, entry, finder: lazyFinder(entry) }))
    this.#compiled.delete(id)
    this.#compiled.set(id, { version, ready })
    const [oldest] = this.#compiled.keys()
    if (this.#compiled.size > MAX_COMPILED && oldest !== undefined) this.#compiled.delete(oldest)
    return ready
  }
}

/** Compiles the pattern on first use, because compiling thousands at once would block the event loop. */
function lazyFinder(entry: DictionaryEntry): Finder {
  let finder: Finder | undefined
  const compiled = (): Finder => {
    const pattern = compilePattern(entry)
    // A store may contain patterns that another version of this library accepted.
    return 'finder' in pattern ? pattern.finder : { spans: async () => [] }
  }
  return { spans: (text, yieldWhenDue) => (finder ??= compiled()).spans(text, yieldWhenDue) }
}

/** Counts the uses of entries. A failure gives a warning, so that the processed text is not lost. */
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
    return [
      {
        type: 'other',
        message: 'The uses of dictionary entries were not counted, because the store failed.',
      },
    ]
  }
}

function renamed(draft: DictionaryDraft, name: string | undefined): DictionaryDraft {
  return name === undefined ? draft : { ...draft, name }
}

function definedOnly<T extends object>(changes: T): Partial<T> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as Partial<T>
}

function notFound(idOrName: string): LlmError {
  return new LlmError(
    'not-found',
    `unknown dictionary "${idOrName.slice(0, 100)}"; list() returns the known ones`,
  )
}

import { requestError, type Issue, type LlmError } from '../../core/error.ts'
import { newId } from '../../core/create-id.ts'
import { isObject } from '../../core/json.ts'
import type { YieldWhenDue } from '../../core/yield.ts'
import { compilePattern } from './pattern.ts'
import type { TimedEffects } from './entry-cooldown.ts'

/** An entry of a stored dictionary. */
export interface DictionaryEntry extends TimedEffects {
  readonly id: string
  readonly type: 'literal' | 'regex'
  readonly pattern: string
  /** Inserted literally. */
  readonly replacement: string
  /** Flags of a regular expression: `i`, `m`, `s` and `x`. */
  readonly flags: string
  /** Probability of the entry, 0 to 1, drawn once per text. */
  readonly probability: number
  /** Group of the entry. Of the matching entries of a group, only the one with the longest pattern applies. Empty: none. */
  readonly group: string
  /** Maximum number of replacements per text; 0: no maximum. */
  readonly maxReplacements: number
  readonly enabled: boolean
  readonly caseSensitive: boolean
  /** Whether a literal matches only whole words. */
  readonly wholeWord: boolean
}

/** Fields of a new entry. Only pattern and replacement are required. */
export type DictionaryEntryInput = Partial<Omit<DictionaryEntry, 'id'>> &
  Pick<DictionaryEntry, 'pattern' | 'replacement'>

/** A stored dictionary with its entries. */
export interface Dictionary {
  readonly id: string
  /**
   * Key of the user that the dictionary belongs to, as `userKeyText` of `llm-switchyard/conversations/store-kit` makes it. Empty
   * or absent: it belongs to the application.
   */
  readonly owner?: string | undefined
  /** 1 to 100 characters; unique among the dictionaries of its owner. */
  readonly name: string
  /** At most 500 characters. */
  readonly description: string
  /** Whether `process` applies it. */
  readonly active: boolean
  readonly entries: readonly DictionaryEntry[]
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly updatedAt: number
  /** Number of saves; 0 if never saved. */
  readonly version: number
}

/** The fields of a dictionary without its entries. */
export interface DictionaryHead {
  readonly name: string
  readonly description: string
  readonly active: boolean
}

/** Maximum number of entries of one dictionary. */
export const MAX_ENTRIES = 10_000
const MAX_REPLACEMENT_CHARS = 100_000
// Limits the size of the error, because a hostile list may have an issue per entry.
const MAX_ISSUES = 100

/** Validates the head of a dictionary. Throws `invalid-request` with all issues. */
export function readHead(value: unknown): DictionaryHead {
  const issues: Issue[] = []
  const { name, description = '', active = true } = isObject(value) ? value : {}
  const trimmed = typeof name === 'string' ? name.trim() : ''
  if (trimmed === '' || trimmed.length > 100 || /\p{Cc}/u.test(trimmed))
    issues.push({ path: 'name', message: 'must have 1 to 100 characters in one line' })
  if (typeof description !== 'string' || description.length > 500)
    issues.push({ path: 'description', message: 'must have at most 500 characters' })
  if (typeof active !== 'boolean') issues.push({ path: 'active', message: 'must be true or false' })
  if (issues.length > 0) throw requestError(issues)
  return { name: trimmed, description: String(description), active: active === true }
}

/** Validates entries and gives them new ids. Rejects with `invalid-request` and the issues of all entries. */
export async function readEntries(values: unknown, yieldWhenDue: YieldWhenDue): Promise<DictionaryEntry[]> {
  if (!Array.isArray(values)) throw requestError([{ path: 'entries', message: 'must be a list' }])
  if (values.length > MAX_ENTRIES) throw tooManyEntries()
  const read: ReturnType<typeof readEntry>[] = []
  for (const [at, value] of (values as unknown[]).entries()) {
    await yieldWhenDue()
    read.push(readEntry(value, `entries.${at}.`))
  }
  const issues = read.flatMap((entry) => ('issues' in entry ? entry.issues : []))
  if (issues.length > 0) throw requestError(issues.slice(0, MAX_ISSUES))
  return read.flatMap((entry) => ('entry' in entry ? [entry.entry] : []))
}

/** Creates the error of a dictionary with too many entries. */
export function tooManyEntries(): LlmError {
  return requestError([{ path: 'entries', message: `must have at most ${MAX_ENTRIES} entries`, status: 413 }])
}

/** Returns an entry with changed fields and the same id. Throws `invalid-request` if a field is invalid. */
export function changeEntry(entry: DictionaryEntry, changes: Partial<DictionaryEntryInput>): DictionaryEntry {
  const known = Object.entries(changes).filter(([, value]) => value !== undefined)
  const read = readEntry({ ...entry, ...Object.fromEntries(known) }, '')
  if ('issues' in read) throw requestError(read.issues)
  return { ...read.entry, id: entry.id }
}

function readEntry(value: unknown, prefix: string): { entry: DictionaryEntry } | { issues: Issue[] } {
  if (!isObject(value)) return { issues: [{ path: prefix.slice(0, -1), message: 'must be an object' }] }
  const fields = new EntryFields(value, prefix)
  const entry: DictionaryEntry = {
    id: newId('entry'),
    type: fields.oneOf('type', ['literal', 'regex'] as const),
    pattern: fields.text('pattern'),
    replacement: fields.text('replacement'),
    flags: fields.text('flags', ''),
    probability: fields.number('probability', 1, 1),
    group: fields.text('group', ''),
    maxReplacements: Math.floor(fields.number('maxReplacements', 0)),
    enabled: fields.flag('enabled', true),
    caseSensitive: fields.flag('caseSensitive', true),
    wholeWord: fields.flag('wholeWord', false),
    cooldownMs: fields.duration('cooldown'),
    delayMs: fields.duration('delay'),
    stickyMs: fields.duration('sticky'),
  }
  if (entry.replacement.length > MAX_REPLACEMENT_CHARS)
    fields.issue('replacement', `is longer than ${MAX_REPLACEMENT_CHARS} characters`)
  const compiled = fields.issues.length > 0 ? undefined : compilePattern(entry)
  if (compiled !== undefined && 'problem' in compiled) fields.issue('pattern', compiled.problem)
  return fields.issues.length > 0 ? { issues: fields.issues } : { entry }
}

class EntryFields {
  readonly issues: Issue[] = []
  readonly #value: Record<string, unknown>
  readonly #prefix: string

  constructor(value: Record<string, unknown>, prefix: string) {
    this.#value = value
    this.#prefix = prefix
  }

  text(name: string, fallback?: string): string {
    const value = this.#find(name) ?? fallback
    if (typeof value === 'string') return value
    this.issue(name, value === undefined ? 'is required' : 'must be a string')
    return ''
  }

  number(name: string, fallback: number, max = Infinity): number {
    const value = this.#find(name) ?? fallback
    if (typeof value === 'number' && value >= 0 && value <= max) return value
    this.issue(
      name,
      max === Infinity ? 'must be a number of at least 0' : `must be a number from 0 to ${max}`,
    )
    return 0
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.#find(name) ?? fallback
    if (typeof value !== 'boolean') this.issue(name, 'must be true or false')
    return value === true
  }

  oneOf<const T extends string>(name: string, known: readonly [T, ...T[]]): T {
    const value = this.#find(name) ?? known[0]
    const found = known.find((item) => item === value)
    if (found === undefined) this.issue(name, `must be ${known.join(' or ')}`)
    return found ?? known[0]
  }

  /** Reads a duration in ms, such as `cooldownMs`, or in seconds in the format of others: `timed_effects: { cooldown }`. */
  duration(name: string): number {
    const effects = this.#value['timed_effects']
    const seconds = isObject(effects) ? effects[name] : undefined
    const fallback = typeof seconds === 'number' && seconds >= 0 ? seconds * 1_000 : 0
    return this.number(`${name}Ms`, fallback)
  }

  issue(name: string, message: string): void {
    this.issues.push({ path: this.#prefix + name, message })
  }

  // Other programs write field names with underscores.
  #find(name: string): unknown {
    const other = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    const value = Object.hasOwn(this.#value, name) ? this.#value[name] : undefined
    return value ?? (Object.hasOwn(this.#value, other) ? this.#value[other] : undefined) ?? undefined
  }
}

import { requestError, type Issue, type LlmError } from '../../core/error.ts'
import { newId } from '../../core/create-id.ts'
import { isObject } from '../../core/json.ts'
import type { Breather } from './breather.ts'
import { compilePattern } from './pattern.ts'
import type { TimedEffects } from './entry-cooldown.ts'

/** An entry of a stored dictionary. */
export interface DictionaryEntry extends TimedEffects {
  readonly id: string
  readonly type: 'literal' | 'regex'
  readonly pattern: string
  /** Taken as it is: nothing in it is expanded. */
  readonly replacement: string
  /** For regular expressions, of `i`, `m`, `s` and `x`. */
  readonly flags: string
  /** 0 to 1, drawn once per text. */
  readonly probability: number
  /** Of the matching entries of one group only the one with the longest pattern counts. Empty: in no group. */
  readonly group: string
  /** Places replaced in one text; 0 is all. */
  readonly maxReplacements: number
  readonly enabled: boolean
  readonly caseSensitive: boolean
  /** For literal texts: not inside a longer word. */
  readonly wholeWord: boolean
}

/** What an entry may be made from; pattern and replacement are needed. */
export type DictionaryEntryInput = Partial<Omit<DictionaryEntry, 'id'>> &
  Pick<DictionaryEntry, 'pattern' | 'replacement'>

/** A stored dictionary with its entries. */
export interface Dictionary {
  readonly id: string
  /** 1 to 100 characters; unique in a store. */
  readonly name: string
  /** At most 500 characters. */
  readonly description: string
  /** Whether it takes part in `process`. */
  readonly active: boolean
  readonly entries: readonly DictionaryEntry[]
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly updatedAt: number
  /** Counts saves; 0 where it was never saved. */
  readonly version: number
}

/** What belongs to a dictionary besides its entries. */
export interface DictionaryHead {
  readonly name: string
  readonly description: string
  readonly active: boolean
}

/** Entries that one dictionary may have. */
export const MAX_ENTRIES = 10_000
const MAX_REPLACEMENT_CHARS = 100_000
// A hostile list must not be answered with a larger error.
const MOST_ISSUES = 100

/** Checks the head of a dictionary. Throws `invalid-request` with all issues. */
export function readHead(value: unknown): DictionaryHead {
  const issues: Issue[] = []
  const { name, description = '', active = true } = isObject(value) ? value : {}
  const trimmed = typeof name === 'string' ? name.trim() : ''
  if (trimmed === '' || trimmed.length > 100 || /\p{Cc}/u.test(trimmed))
    issues.push({ path: 'name', message: 'takes 1 to 100 characters in one line' })
  if (typeof description !== 'string' || description.length > 500)
    issues.push({ path: 'description', message: 'takes at most 500 characters' })
  if (typeof active !== 'boolean') issues.push({ path: 'active', message: 'takes true or false' })
  if (issues.length > 0) throw requestError(issues)
  return { name: trimmed, description: String(description), active: active === true }
}

/** Checks entries, which get new ids, giving way to others in between. Rejects with `invalid-request` and the issues of all. */
export async function readEntries(values: unknown, breather: Breather): Promise<DictionaryEntry[]> {
  if (!Array.isArray(values)) throw requestError([{ path: 'entries', message: 'expected a list' }])
  if (values.length > MAX_ENTRIES) throw tooManyEntries()
  const read: ReturnType<typeof readEntry>[] = []
  for (const [at, value] of (values as unknown[]).entries()) {
    await breather.pause()
    read.push(readEntry(value, `entries.${at}.`))
  }
  const issues = read.flatMap((entry) => ('issues' in entry ? entry.issues : []))
  if (issues.length > 0) throw requestError(issues.slice(0, MOST_ISSUES))
  return read.flatMap((entry) => ('entry' in entry ? [entry.entry] : []))
}

/** There are more entries than a dictionary may have. */
export function tooManyEntries(): LlmError {
  return requestError([{ path: 'entries', message: `takes at most ${MAX_ENTRIES} entries`, status: 413 }])
}

/** An entry with other fields; it keeps its id. Throws `invalid-request`. */
export function changeEntry(entry: DictionaryEntry, changes: Partial<DictionaryEntryInput>): DictionaryEntry {
  const known = Object.entries(changes).filter(([, value]) => value !== undefined)
  const read = readEntry({ ...entry, ...Object.fromEntries(known) }, '')
  if ('issues' in read) throw requestError(read.issues)
  return { ...read.entry, id: entry.id }
}

function readEntry(value: unknown, lead: string): { entry: DictionaryEntry } | { issues: Issue[] } {
  if (!isObject(value)) return { issues: [{ path: lead.slice(0, -1), message: 'expected an object' }] }
  const fields = new EntryFields(value, lead)
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
  readonly #lead: string

  constructor(value: Record<string, unknown>, lead: string) {
    this.#value = value
    this.#lead = lead
  }

  text(name: string, fallback?: string): string {
    const value = this.#find(name) ?? fallback
    if (typeof value === 'string') return value
    this.issue(name, value === undefined ? 'is needed' : 'expected a text')
    return ''
  }

  number(name: string, fallback: number, max = Infinity): number {
    const value = this.#find(name) ?? fallback
    if (typeof value === 'number' && value >= 0 && value <= max) return value
    this.issue(name, max === Infinity ? 'takes a number of 0 or more' : `takes a number from 0 to ${max}`)
    return 0
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.#find(name) ?? fallback
    if (typeof value !== 'boolean') this.issue(name, 'takes true or false')
    return value === true
  }

  oneOf<const T extends string>(name: string, known: readonly [T, ...T[]]): T {
    const value = this.#find(name) ?? known[0]
    const found = known.find((item) => item === value)
    if (found === undefined) this.issue(name, `takes ${known.join(' or ')}`)
    return found ?? known[0]
  }

  /** In milliseconds as `cooldownMs`, or in seconds as files of others have it: `timed_effects: { cooldown }`. */
  duration(name: string): number {
    const effects = this.#value['timed_effects']
    const seconds = isObject(effects) ? effects[name] : undefined
    const fallback = typeof seconds === 'number' && seconds >= 0 ? seconds * 1_000 : 0
    return this.number(`${name}Ms`, fallback)
  }

  issue(name: string, message: string): void {
    this.issues.push({ path: this.#lead + name, message })
  }

  // Files of others write names with underscores.
  #find(name: string): unknown {
    const other = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    const value = Object.hasOwn(this.#value, name) ? this.#value[name] : undefined
    return value ?? (Object.hasOwn(this.#value, other) ? this.#value[other] : undefined) ?? undefined
  }
}

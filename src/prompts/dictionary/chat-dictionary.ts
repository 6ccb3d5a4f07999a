import { systemClock, type Clock } from '../../core/clock.ts'
import { clockField } from '../../core/common-fields.ts'
import { requestError } from '../../core/error.ts'
import { checkOptions, optionsSchema } from '../../core/options.ts'
import type { Warning } from '../../core/response.ts'
import {
  anyObject,
  callable,
  count as wholeCount,
  listOf,
  oneOf,
  orInfinity,
  required,
  type Group,
} from '../../core/schema.ts'
import type { Random } from '../random.ts'
import { createYielder, type YieldWhenDue } from '../../core/yield.ts'
import { keyFinder } from './pattern.ts'
import { lengthAfter, replaceSpans, type Finder } from './span.ts'
import { EntryCooldown, type TimedEffects } from './entry-cooldown.ts'

/** A key and its replacement. */
export interface ChatEntry extends TimedEffects {
  /** A literal that matches whole words, or a regular expression in slashes. Case is ignored. */
  readonly key: string
  /** The replacement, inserted literally. */
  readonly content: string
  /** Probability in percent, 0 to 100, drawn for each text. Default 100. */
  readonly probability?: number | undefined
  /** Group of the entry. Of the matching entries of a group, only the one with the longest key applies. Default: none. */
  readonly group?: string | undefined
  /** Kind of lore, for the strategies. Default: the group, if it is `character` or `global`. */
  readonly lore?: 'character' | 'global' | undefined
  /** Maximum number of passes that replace all matches, at most 100. Default: that of the dictionary. */
  readonly maxReplacements?: number | undefined
}

/** Order of the entries, which decides which of them fit into the budget. `sorted-evenly` sorts by key. */
export type ChatStrategy = 'sorted-evenly' | 'character-lore-first' | 'global-lore-first'

/** Options of {@link createChatDictionary}. */
export interface ChatDictionaryOptions {
  readonly entries: readonly ChatEntry[]
  /** Order of the entries. Default `sorted-evenly`. */
  readonly strategy?: ChatStrategy | undefined
  /** Maximum total words of the replacements for one text. Entries from the first one that exceeds it are skipped. Default 500; `Infinity` for no maximum. */
  readonly maxWords?: number | undefined
  /** Maximum number of passes per entry. Default 1, at most 100; `Infinity` means 100. */
  readonly maxReplacements?: number | undefined
  /** Maximum length of the result, in characters. Skips entries that would exceed it. Default 1 000 000; `Infinity` for no maximum. */
  readonly maxChars?: number | undefined
  /** Random source of the draws. Default `Math.random`; see `createRandom`. */
  readonly random?: Random | undefined
  readonly clock?: Clock | undefined
}

/** The schema of {@link ChatDictionaryOptions}. The fields of entries are checked as they are compiled. */
export const chatDictionarySchema: Group = optionsSchema<ChatDictionaryOptions>()(() => ({
  entries: required(listOf(anyObject)),
  strategy: oneOf('sorted-evenly', 'character-lore-first', 'global-lore-first'),
  maxWords: orInfinity(wholeCount),
  maxReplacements: orInfinity(wholeCount),
  maxChars: orInfinity(wholeCount),
  random: callable,
  clock: clockField,
}))

/** Result of {@link ChatDictionary.apply}. */
export interface ChatReplacement {
  readonly text: string
  /** Number of replacements. */
  readonly count: number
  /** Keys that replaced something, in order. */
  readonly keys: readonly string[]
  /** Present if the budget or length was exceeded, or replacing failed. */
  readonly warnings: readonly Warning[]
}

/** Counts since the dictionary was created. */
export interface ChatDictionaryStats {
  readonly texts: number
  readonly replacements: number
  /** Texts whose entries exceeded the budget. */
  readonly overBudget: number
  /** Texts that were returned unchanged because of a failure. */
  readonly failures: number
}

/** Replaces keys in texts of requests or responses. */
export interface ChatDictionary {
  /** Replaces keys in a text. Never rejects: on failure, the text is returned unchanged with a warning. */
  apply(text: string): Promise<ChatReplacement>
  stats(): ChatDictionaryStats
}

interface Compiled {
  readonly entry: ChatEntry
  readonly id: string
  readonly finder: Finder
}

/**
 * Creates a dictionary in memory. Steps per text: match, choose one entry per group, draw, check cooldown and delay, order
 * by strategy, apply the budget, replace. A drawn entry counts as triggered even if the budget skips it. Throws
 * `invalid-request` with the issues of all invalid entries, and `misconfigured` for an invalid option.
 */
export function createChatDictionary(options: ChatDictionaryOptions): ChatDictionary {
  checkOptions('createChatDictionary', chatDictionarySchema, options)
  return new MemoryChatDictionary(options)
}

const MAX_CHARS = 1_000_000
const MAX_PASSES = 100

class MemoryChatDictionary implements ChatDictionary {
  readonly #options: ChatDictionaryOptions
  readonly #entries: readonly Compiled[]
  readonly #clock: Clock
  readonly #cooldown: EntryCooldown
  #stats: ChatDictionaryStats = { texts: 0, replacements: 0, overBudget: 0, failures: 0 }

  constructor(options: ChatDictionaryOptions) {
    this.#options = options
    this.#entries = compileEntries(options.entries)
    this.#clock = options.clock ?? systemClock
    this.#cooldown = new EntryCooldown(this.#clock)
  }

  stats(): ChatDictionaryStats {
    return this.#stats
  }

  async apply(text: string): Promise<ChatReplacement> {
    this.#count({ texts: 1 })
    try {
      const run = await this.#run(text)
      this.#count({ replacements: run.count })
      return run
    } catch (error) {
      this.#count({ failures: 1 })
      const reason = error instanceof Error ? error.message : 'unknown'
      return {
        text,
        count: 0,
        keys: [],
        warnings: [warning(`The text is unchanged, because replacing failed: ${reason}`)],
      }
    }
  }

  async #run(text: string): Promise<ChatReplacement> {
    const { random = Math.random, strategy = 'sorted-evenly' } = this.#options
    const yieldWhenDue = createYielder(this.#clock)
    const matched: Compiled[] = []
    for (const compiled of this.#entries) {
      await yieldWhenDue()
      if ((await compiled.finder.spans(text, yieldWhenDue)).length > 0) matched.push(compiled)
    }
    const sticky = new Set(matched.filter(({ id, entry }) => this.#cooldown.isSticky(id, entry)))
    const triggered = chooseOnePerGroup(matched, sticky)
      .filter((compiled) => sticky.has(compiled) || isDrawn(compiled.entry, random))
      .filter((compiled) => sticky.has(compiled) || this.#cooldown.isOffCooldown(compiled.id, compiled.entry))
    for (const { id, entry } of triggered) this.#cooldown.trigger(id, entry)
    const warnings: Warning[] = []
    const fitting = this.#applyBudget(inOrder(triggered, strategy), warnings)
    return this.#replace(text, fitting, { warnings, yieldWhenDue })
  }

  /** Returns the entries up to the first one that exceeds the budget. */
  #applyBudget(entries: readonly Compiled[], warnings: Warning[]): readonly Compiled[] {
    const { maxWords = 500 } = this.#options
    let words = 0
    for (const [at, { entry }] of entries.entries()) {
      words += wordCount(entry.content)
      if (words <= maxWords) continue
      this.#count({ overBudget: 1 })
      const left = entries.length - at
      warnings.push(
        warning(
          `${left} of ${entries.length} entries were skipped: they exceed the budget of ${maxWords} words; raise maxWords.`,
        ),
      )
      return entries.slice(0, at)
    }
    return entries
  }

  async #replace(
    text: string,
    entries: readonly Compiled[],
    { warnings, yieldWhenDue }: { warnings: Warning[]; yieldWhenDue: YieldWhenDue },
  ): Promise<ChatReplacement> {
    const { maxChars = MAX_CHARS } = this.#options
    const keys: string[] = []
    let current = text
    let count = 0
    for (const { entry, finder } of entries) {
      const passes = Math.min(MAX_PASSES, entry.maxReplacements ?? this.#options.maxReplacements ?? 1)
      for (let pass = 0; pass < passes; pass++) {
        await yieldWhenDue()
        const spans = await finder.spans(current, yieldWhenDue)
        if (spans.length === 0) break
        const newLength = lengthAfter(current, spans, entry.content)
        if (newLength > Math.max(maxChars, text.length)) {
          warnings.push(
            warning(
              `Entry "${entry.key}" was skipped: the text would be longer than ${maxChars} characters; raise maxChars.`,
            ),
          )
          break
        }
        const before = current
        current = await replaceSpans(before, spans, { replacement: entry.content, yieldWhenDue })
        count += spans.length
        if (keys.at(-1) !== entry.key) keys.push(entry.key)
        if (current === before) break
      }
    }
    return { text: current, count, keys, warnings }
  }

  #count(more: Partial<ChatDictionaryStats>): void {
    const sum = { ...this.#stats }
    for (const [name, value] of Object.entries(more)) sum[name as keyof ChatDictionaryStats] += value
    this.#stats = sum
  }
}

function compileEntries(entries: readonly ChatEntry[]): Compiled[] {
  const results = entries.map((entry, at) => {
    const issues = problemsOf(entry).map(({ path, message }) => ({ path: `entries.${at}.${path}`, message }))
    const compiled = issues.length > 0 ? undefined : keyFinder(entry.key)
    if (compiled !== undefined && 'problem' in compiled)
      issues.push({ path: `entries.${at}.key`, message: compiled.problem })
    const finder = compiled !== undefined && 'finder' in compiled ? compiled.finder : undefined
    return { issues, compiled: finder === undefined ? [] : [{ entry, id: String(at), finder }] }
  })
  const issues = results.flatMap((result) => result.issues)
  if (issues.length > 0) throw requestError(issues)
  return results.flatMap(({ compiled }) => compiled)
}

function problemsOf(entry: ChatEntry): { path: string; message: string }[] {
  const { key, content, probability = 100 } = entry
  const problems: { path: string; message: string }[] = []
  if (typeof key !== 'string' || key.trim() === '') problems.push({ path: 'key', message: 'is required' })
  if (typeof content !== 'string') problems.push({ path: 'content', message: 'must be a string' })
  if (!(probability >= 0 && probability <= 100))
    problems.push({ path: 'probability', message: 'must be a number from 0 to 100' })
  for (const field of ['cooldownMs', 'delayMs', 'stickyMs', 'maxReplacements'] as const)
    if (entry[field] !== undefined && !(entry[field] >= 0))
      problems.push({ path: field, message: 'must be a number of at least 0' })
  return problems
}

function chooseOnePerGroup(matched: readonly Compiled[], sticky: ReadonlySet<Compiled>): readonly Compiled[] {
  const best = new Map<string, Compiled>()
  for (const compiled of matched) {
    const { group = '' } = compiled.entry
    const held = best.get(group)
    if (group === '' || held === undefined || isBetter(compiled, held, sticky)) best.set(group, compiled)
  }
  return matched.filter((compiled) => {
    const { group = '' } = compiled.entry
    return group === '' || best.get(group) === compiled
  })
}

function isBetter(one: Compiled, held: Compiled, sticky: ReadonlySet<Compiled>): boolean {
  if (sticky.has(one) !== sticky.has(held)) return sticky.has(one)
  return one.entry.key.length > held.entry.key.length
}

/** Draws a whole number from 1 to 100. Returns whether it is at most the probability of the entry. */
function isDrawn({ probability = 100 }: ChatEntry, random: Random): boolean {
  return Math.floor(random() * 100) + 1 <= probability
}

function inOrder(entries: readonly Compiled[], strategy: ChatStrategy): readonly Compiled[] {
  const sorted = entries.toSorted((a, b) =>
    a.entry.key < b.entry.key ? -1 : a.entry.key > b.entry.key ? 1 : 0,
  )
  if (strategy === 'sorted-evenly') return sorted
  const first = strategy === 'character-lore-first' ? 'character' : 'global'
  const rank = (lore: string | undefined): number => (lore === undefined ? 2 : lore === first ? 0 : 1)
  return sorted.toSorted((a, b) => rank(loreOf(a.entry)) - rank(loreOf(b.entry)))
}

function loreOf({ lore, group }: ChatEntry): string | undefined {
  return lore ?? (group === 'character' || group === 'global' ? group : undefined)
}

function wordCount(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length
}

function warning(message: string): Warning {
  return { type: 'other', message }
}

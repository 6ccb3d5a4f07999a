import { systemClock, type Clock } from '../../core/clock.ts'
import { LlmError, requestError } from '../../core/error.ts'
import type { Warning } from '../../core/response.ts'
import type { Random } from '../random.ts'
import { Breather } from './breather.ts'
import { keyFinder } from './pattern.ts'
import { lengthAfter, replaceSpans, type Finder } from './span.ts'
import { EntryCooldown, type TimedEffects } from './entry-cooldown.ts'

/** A key, and what is put in its place. */
export interface ChatEntry extends TimedEffects {
  /** A literal text, found as a whole word; in slashes a regular expression. Both in any case of letters. */
  readonly key: string
  /** Taken as it is: nothing in it is expanded. */
  readonly content: string
  /** Percent, 0 to 100, drawn anew for each text. Default 100. */
  readonly probability?: number | undefined
  /** Of the matching entries of one group only the one with the longest key counts. Default: in no group. */
  readonly group?: string | undefined
  /** For the strategies. Default: the group, where it is called `character` or `global`. */
  readonly lore?: 'character' | 'global' | undefined
  /** How often all its places are replaced, as long as there are any; at most 100. Default: that of the dictionary. */
  readonly maxReplacements?: number | undefined
}

/** In which order entries are replaced, and so who fits into the budget. */
export type ChatStrategy = 'sorted-evenly' | 'character-lore-first' | 'global-lore-first'

export interface ChatDictionaryOptions {
  readonly entries: readonly ChatEntry[]
  /** `sorted-evenly` is by key. Default `sorted-evenly`. */
  readonly strategy?: ChatStrategy | undefined
  /** Words of content that one text may take. The first entry that does not fit ends it. Default 500. */
  readonly maxWords?: number | undefined
  /** Default 1. */
  readonly maxReplacements?: number | undefined
  /** Longest text that may come of it, in characters; what would make it longer is left out. Default 1 000 000. */
  readonly maxChars?: number | undefined
  /** Default `Math.random`; see `createRandom`. */
  readonly random?: Random | undefined
  readonly clock?: Clock | undefined
}

/** What became of a text. */
export interface ChatReplacement {
  readonly text: string
  /** Places that were replaced. */
  readonly count: number
  /** Keys that replaced something, in their order. */
  readonly keys: readonly string[]
  /** Over budget, too long, or failed. */
  readonly warnings: readonly Warning[]
}

/** Figures since the dictionary was made. */
export interface ChatDictionaryStats {
  readonly texts: number
  readonly replacements: number
  /** Texts whose entries did not all fit into the budget. */
  readonly overBudget: number
  /** Texts that came back unchanged since something failed. */
  readonly failures: number
}

/** Replaces keys in texts, before they are sent or after they were answered. */
export interface ChatDictionary {
  /** Never rejects: where something fails, the text comes back as it was, with a warning. */
  apply(text: string): Promise<ChatReplacement>
  stats(): ChatDictionaryStats
}

interface Compiled {
  readonly entry: ChatEntry
  readonly id: string
  readonly finder: Finder
}

/**
 * Makes a dictionary that lives in this process. For each text: match, one of each group, draw, cooldown and delay, order
 * by strategy, budget, replace. A trigger counts from the draw on, also where the budget leaves the entry out. Throws
 * `invalid-request` with the issues of all entries that are none, and `misconfigured` for an option that is.
 */
export function createChatDictionary(options: ChatDictionaryOptions): ChatDictionary {
  return new InCallDictionary(options)
}

const MAX_CHARS = 1_000_000
const MOST_PASSES = 100

class InCallDictionary implements ChatDictionary {
  readonly #options: ChatDictionaryOptions
  readonly #entries: readonly Compiled[]
  readonly #clock: Clock
  readonly #timing: EntryCooldown
  #stats: ChatDictionaryStats = { texts: 0, replacements: 0, overBudget: 0, failures: 0 }

  constructor(options: ChatDictionaryOptions) {
    for (const name of ['maxWords', 'maxReplacements', 'maxChars'] as const)
      if (options[name] !== undefined && !(options[name] >= 0))
        throw new LlmError('misconfigured', `createChatDictionary: ${name} takes a number of 0 or more`)
    this.#options = options
    this.#entries = compileEntries(options.entries)
    this.#clock = options.clock ?? systemClock
    this.#timing = new EntryCooldown(this.#clock)
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
      return { text, count: 0, keys: [], warnings: [warning(`The text was left as it is: ${reason}`)] }
    }
  }

  async #run(text: string): Promise<ChatReplacement> {
    const { random = Math.random, strategy = 'sorted-evenly' } = this.#options
    const breather = new Breather(this.#clock)
    const matched: Compiled[] = []
    for (const compiled of this.#entries) {
      await breather.pause()
      if ((await compiled.finder.spans(text, breather)).length > 0) matched.push(compiled)
    }
    const sticky = new Set(matched.filter(({ id, entry }) => this.#timing.isSticky(id, entry)))
    const awake = onePerGroup(matched, sticky)
      .filter((compiled) => sticky.has(compiled) || isDrawn(compiled.entry, random))
      .filter((compiled) => sticky.has(compiled) || this.#timing.isAwake(compiled.id, compiled.entry))
    for (const { id, entry } of awake) this.#timing.trigger(id, entry)
    const warnings: Warning[] = []
    const fitting = this.#fit(inOrder(awake, strategy), warnings)
    return this.#replace(text, fitting, { warnings, breather })
  }

  /** Those that fit into the budget, up to the first that does not. */
  #fit(entries: readonly Compiled[], warnings: Warning[]): readonly Compiled[] {
    const { maxWords = 500 } = this.#options
    let words = 0
    for (const [at, { entry }] of entries.entries()) {
      words += wordCount(entry.content)
      if (words <= maxWords) continue
      this.#count({ overBudget: 1 })
      const left = entries.length - at
      warnings.push(
        warning(
          `The dictionary's budget of ${maxWords} words left ${left} of ${entries.length} entries out.`,
        ),
      )
      return entries.slice(0, at)
    }
    return entries
  }

  async #replace(
    text: string,
    entries: readonly Compiled[],
    { warnings, breather }: { warnings: Warning[]; breather: Breather },
  ): Promise<ChatReplacement> {
    const { maxChars = MAX_CHARS } = this.#options
    const keys: string[] = []
    let current = text
    let count = 0
    for (const { entry, finder } of entries) {
      const passes = Math.min(MOST_PASSES, entry.maxReplacements ?? this.#options.maxReplacements ?? 1)
      for (let pass = 0; pass < passes; pass++) {
        await breather.pause()
        const spans = await finder.spans(current, breather)
        if (spans.length === 0) break
        const grown = lengthAfter(current, spans, entry.content)
        if (grown > Math.max(maxChars, text.length)) {
          warnings.push(
            warning(`An entry was left out: the text would be longer than ${maxChars} characters.`),
          )
          break
        }
        const before = current
        current = await replaceSpans(before, spans, { replacement: entry.content, breather })
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
  if (typeof key !== 'string' || key.trim() === '') problems.push({ path: 'key', message: 'is needed' })
  if (typeof content !== 'string') problems.push({ path: 'content', message: 'expected a text' })
  if (!(probability >= 0 && probability <= 100))
    problems.push({ path: 'probability', message: 'takes a number from 0 to 100' })
  for (const field of ['cooldownMs', 'delayMs', 'stickyMs', 'maxReplacements'] as const)
    if (entry[field] !== undefined && !(entry[field] >= 0))
      problems.push({ path: field, message: 'takes a number of 0 or more' })
  return problems
}

function onePerGroup(matched: readonly Compiled[], sticky: ReadonlySet<Compiled>): readonly Compiled[] {
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

/** A whole number from 1 to 100 is drawn; the entry counts where it is not above its probability. */
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

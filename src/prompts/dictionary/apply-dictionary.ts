import { systemClock, type Clock } from '../../core/clock.ts'
import type { Warning } from '../../core/response.ts'
import { estimateTokens } from '../../core/tokens.ts'
import type { Random } from '../random.ts'
import { createYielder, type YieldWhenDue } from '../../core/yield.ts'
import type { DictionaryEntry } from './record.ts'
import { lengthAfter, replaceSpans, type Finder, type Span } from './span.ts'
import type { EntryCooldown } from './entry-cooldown.ts'

/** Options of `DictionaryLibrary.process`. */
export interface ProcessOptions {
  /** Maximum number of passes over the entries, 1 to 20. Passes end earlier when nothing changes. Default 5. */
  readonly maxPasses?: number | undefined
  /** Maximum estimated tokens of the result. The replacement that exceeds it is the last one. Default: no maximum. */
  readonly maxTokens?: number | undefined
  /** Maximum length of the result, in characters. Skips entries that would exceed it. Default 1 000 000. */
  readonly maxChars?: number | undefined
  /** Random source of the draws. Default `Math.random`; see `createRandom`. */
  readonly random?: Random | undefined
}

/** Result of `DictionaryLibrary.process`. */
export interface ProcessResult {
  readonly text: string
  /** Number of replacements. */
  readonly count: number
  /** Number of passes, including the last one, which changes nothing. */
  readonly passes: number
  /** Ids of the entries that replaced something, in order. */
  readonly entryIds: readonly string[]
  /** Whether the result has more than `maxTokens`. */
  readonly exceeded: boolean
  readonly durationMs: number
  readonly warnings: readonly Warning[]
}

/** An entry with its compiled pattern and the id of its dictionary. */
export interface CompiledEntry {
  readonly dictionaryId: string
  readonly entry: DictionaryEntry
  readonly finder: Finder
}

const MAX_CHARS = 1_000_000

/** One run of `DictionaryLibrary.process`. */
export class Processing {
  readonly uses: Map<CompiledEntry, number> = new Map()
  readonly #options: ProcessOptions & { readonly clock?: Clock | undefined }
  readonly #cooldown: EntryCooldown
  readonly #clock: Clock
  readonly #yieldWhenDue: YieldWhenDue
  readonly #triggered = new Map<CompiledEntry, boolean>()
  readonly #winners = new Map<string, CompiledEntry>()
  readonly #warnings: Warning[] = []
  #text: string
  readonly #maxChars: number
  #exceeded = false

  constructor(
    text: string,
    cooldown: EntryCooldown,
    options: ProcessOptions & { readonly clock?: Clock | undefined },
  ) {
    this.#text = text
    this.#cooldown = cooldown
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#yieldWhenDue = createYielder(this.#clock)
    this.#maxChars = Math.max(options.maxChars ?? MAX_CHARS, text.length)
  }

  async run(entries: readonly CompiledEntry[]): Promise<ProcessResult> {
    const startedAt = this.#clock.now()
    const maxPasses = Math.min(20, Math.max(1, Math.floor(this.#options.maxPasses ?? 5)))
    let passes = 0
    for (let changed = true; changed && passes < maxPasses && !this.#exceeded; passes++)
      changed = await this.#pass(entries)
    return {
      text: this.#text,
      count: [...this.uses.values()].reduce((sum, count) => sum + count, 0),
      passes,
      entryIds: [...this.uses.keys()].map(({ entry }) => entry.id),
      exceeded: this.#exceeded,
      durationMs: this.#clock.now() - startedAt,
      warnings: this.#warnings,
    }
  }

  async #pass(entries: readonly CompiledEntry[]): Promise<boolean> {
    const before = this.#text
    await this.#chooseGroupWinners(entries)
    for (const ready of entries) {
      const { group } = ready.entry
      if (group !== '' && this.#winners.get(group) !== ready) continue
      await this.#replace(ready)
      if (this.#exceeded) break
    }
    return this.#text !== before
  }

  /**
   * Chooses one entry per group: a sticky one, else the one with the longest pattern. Decided once per text, at the first
   * match.
   */
  async #chooseGroupWinners(entries: readonly CompiledEntry[]): Promise<void> {
    const won = new Set(this.#winners.keys())
    for (const ready of entries) {
      const { group } = ready.entry
      if (group === '' || won.has(group)) continue
      await this.#yieldWhenDue()
      if ((await this.#spans(ready)).length === 0) continue
      const held = this.#winners.get(group)
      if (held === undefined || this.#rank(ready) > this.#rank(held)) this.#winners.set(group, ready)
    }
  }

  #rank({ entry }: CompiledEntry): number {
    return entry.pattern.length + (this.#cooldown.isSticky(entry.id, entry) ? 1e9 : 0)
  }

  async #replace(ready: CompiledEntry): Promise<void> {
    const { entry } = ready
    const left = entry.maxReplacements === 0 ? Infinity : entry.maxReplacements - (this.uses.get(ready) ?? 0)
    if (left <= 0) return
    await this.#yieldWhenDue()
    const spans = (await this.#spans(ready)).slice(0, left)
    if (spans.length === 0 || !this.#isTriggered(ready)) return
    const newLength = lengthAfter(this.#text, spans, entry.replacement)
    if (newLength > this.#maxChars) {
      this.#warn(
        `Entry ${entry.id} was skipped: the text would be longer than ${this.#maxChars} characters; raise maxChars.`,
      )
      return
    }
    this.#text = await replaceSpans(this.#text, spans, {
      replacement: entry.replacement,
      yieldWhenDue: this.#yieldWhenDue,
    })
    this.uses.set(ready, (this.uses.get(ready) ?? 0) + spans.length)
    const { maxTokens } = this.#options
    this.#exceeded = maxTokens !== undefined && estimateTokens(this.#text) > maxTokens
  }

  // An entry whose pattern needs too many steps on this text is skipped.
  async #spans({ entry, finder }: CompiledEntry): Promise<readonly Span[]> {
    try {
      return await finder.spans(this.#text, this.#yieldWhenDue)
    } catch (error) {
      this.#warn(
        `Entry ${entry.id} was skipped: ${error instanceof Error ? error.message : 'its pattern failed'}`,
      )
      return []
    }
  }

  /** Whether the entry is drawn and not in cooldown. Decided once per text, at the first match. */
  #isTriggered(ready: CompiledEntry): boolean {
    const known = this.#triggered.get(ready)
    if (known !== undefined) return known
    const { entry } = ready
    const { random = Math.random } = this.#options
    const isDrawn = (): boolean => entry.probability >= 1 || random() < entry.probability
    const isTriggered =
      this.#cooldown.isSticky(entry.id, entry) || (isDrawn() && this.#cooldown.isOffCooldown(entry.id, entry))
    if (isTriggered) this.#cooldown.trigger(entry.id, entry)
    this.#triggered.set(ready, isTriggered)
    return isTriggered
  }

  #warn(message: string): void {
    if (!this.#warnings.some((warning) => warning.message === message))
      this.#warnings.push({ type: 'other', message })
  }
}

import { systemClock, type Clock } from '../../core/clock.ts'
import type { Warning } from '../../core/response.ts'
import { estimateTokens } from '../../core/tokens.ts'
import type { Random } from '../random.ts'
import { Breather } from './breather.ts'
import type { DictionaryEntry } from './record.ts'
import { lengthAfter, replaceSpans, type Finder, type Span } from './span.ts'
import type { EntryCooldown } from './entry-cooldown.ts'

/** How a text is processed. */
export interface ProcessOptions {
  /** Times the entries are gone through, until nothing changes any more: 1 to 20. Default 5. */
  readonly maxPasses?: number | undefined
  /** Tokens that the result may have, estimated. The replacement that exceeds it is the last. Default: no bound. */
  readonly maxTokens?: number | undefined
  /** Longest text that may come of it, in characters; what would make it longer is left out. Default 1 000 000. */
  readonly maxChars?: number | undefined
  /** Default `Math.random`; see `createRandom`. */
  readonly random?: Random | undefined
}

/** What became of a text. */
export interface ProcessResult {
  readonly text: string
  /** Places that were replaced. */
  readonly count: number
  /** Times that the entries were gone through, the last one, which changes nothing, included. */
  readonly passes: number
  /** Entries that replaced something, in their order. */
  readonly entryIds: readonly string[]
  /** The result has more than `maxTokens`. */
  readonly exceeded: boolean
  readonly durationMs: number
  readonly warnings: readonly Warning[]
}

/** An entry ready to be used, with the dictionary that it is from. */
export interface ReadyEntry {
  readonly dictionaryId: string
  readonly entry: DictionaryEntry
  readonly finder: Finder
}

const MAX_CHARS = 1_000_000

/** One text on its way through the entries of stored dictionaries. */
export class Processing {
  readonly uses: Map<ReadyEntry, number> = new Map()
  readonly #options: ProcessOptions & { readonly clock?: Clock | undefined }
  readonly #timing: EntryCooldown
  readonly #clock: Clock
  readonly #breather: Breather
  readonly #awake = new Map<ReadyEntry, boolean>()
  readonly #winners = new Map<string, ReadyEntry>()
  readonly #warnings: Warning[] = []
  #text: string
  readonly #maxChars: number
  #exceeded = false

  constructor(
    text: string,
    timing: EntryCooldown,
    options: ProcessOptions & { readonly clock?: Clock | undefined },
  ) {
    this.#text = text
    this.#timing = timing
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#breather = new Breather(this.#clock)
    this.#maxChars = Math.max(options.maxChars ?? MAX_CHARS, text.length)
  }

  async run(entries: readonly ReadyEntry[]): Promise<ProcessResult> {
    const startedAt = this.#clock.now()
    const most = Math.min(20, Math.max(1, Math.floor(this.#options.maxPasses ?? 5)))
    let passes = 0
    for (let changed = true; changed && passes < most && !this.#exceeded; passes++)
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

  async #pass(entries: readonly ReadyEntry[]): Promise<boolean> {
    const before = this.#text
    await this.#holdContests(entries)
    for (const ready of entries) {
      const { group } = ready.entry
      if (group !== '' && this.#winners.get(group) !== ready) continue
      await this.#replace(ready)
      if (this.#exceeded) break
    }
    return this.#text !== before
  }

  /**
   * Of each group one entry counts: the one that is sticky, else the one with the longest pattern. Decided once for each
   * text, at the first match.
   */
  async #holdContests(entries: readonly ReadyEntry[]): Promise<void> {
    const won = new Set(this.#winners.keys())
    for (const ready of entries) {
      const { group } = ready.entry
      if (group === '' || won.has(group)) continue
      await this.#breather.pause()
      if ((await this.#spans(ready)).length === 0) continue
      const held = this.#winners.get(group)
      if (held === undefined || this.#rank(ready) > this.#rank(held)) this.#winners.set(group, ready)
    }
  }

  #rank({ entry }: ReadyEntry): number {
    return entry.pattern.length + (this.#timing.isSticky(entry.id, entry) ? 1e9 : 0)
  }

  async #replace(ready: ReadyEntry): Promise<void> {
    const { entry } = ready
    const left = entry.maxReplacements === 0 ? Infinity : entry.maxReplacements - (this.uses.get(ready) ?? 0)
    if (left <= 0) return
    await this.#breather.pause()
    const spans = (await this.#spans(ready)).slice(0, left)
    if (spans.length === 0 || !this.#isAwake(ready)) return
    const grown = lengthAfter(this.#text, spans, entry.replacement)
    if (grown > this.#maxChars) {
      this.#warn(`An entry was left out: the text would be longer than ${this.#maxChars} characters.`)
      return
    }
    this.#text = await replaceSpans(this.#text, spans, {
      replacement: entry.replacement,
      breather: this.#breather,
    })
    this.uses.set(ready, (this.uses.get(ready) ?? 0) + spans.length)
    const { maxTokens } = this.#options
    this.#exceeded = maxTokens !== undefined && estimateTokens(this.#text) > maxTokens
  }

  // A pattern that takes too long on this text is left out: the others still count.
  async #spans({ finder }: ReadyEntry): Promise<readonly Span[]> {
    try {
      return await finder.spans(this.#text, this.#breather)
    } catch (error) {
      this.#warn(`An entry was left out: ${error instanceof Error ? error.message : 'it failed'}`)
      return []
    }
  }

  /** Decided once for each text, at the first match: whether the entry is drawn and not at rest. */
  #isAwake(ready: ReadyEntry): boolean {
    const known = this.#awake.get(ready)
    if (known !== undefined) return known
    const { entry } = ready
    const { random = Math.random } = this.#options
    const isDrawn = (): boolean => entry.probability >= 1 || random() < entry.probability
    const awake =
      this.#timing.isSticky(entry.id, entry) || (isDrawn() && this.#timing.isAwake(entry.id, entry))
    if (awake) this.#timing.trigger(entry.id, entry)
    this.#awake.set(ready, awake)
    return awake
  }

  #warn(message: string): void {
    if (!this.#warnings.some((warning) => warning.message === message))
      this.#warnings.push({ type: 'other', message })
  }
}

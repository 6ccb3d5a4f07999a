import { END } from './alphabet.ts'
import { HIT, type Automaton, type State } from './automaton.ts'
import { SettledText, type Outcome, type SettledRange } from './settled-text.ts'
import { TextWindow } from './text-window.ts'
import { Threads } from './threads.ts'

/** Options of {@link Scanner}. */
export interface ScannerOptions {
  readonly automaton: Automaton
  /** Called with each match. Returns `undefined` to reject it. `cut`: the match may be longer than the held text. */
  readonly judge: (rule: number, text: string, cut: boolean) => Outcome | undefined
  /** Maximum length of an undecided match. A longer one is treated as a match for as long as it can become one. */
  readonly maxHeldCharacters: number
}

/**
 * Finds leftmost matches without overlap in a text that arrives in pieces. The result depends on the text alone, never
 * on where it was cut.
 */
export class Scanner {
  readonly #options: ScannerOptions
  readonly #text: TextWindow
  readonly #settled = new SettledText()
  // Created on demand, because most texts have no match.
  #createdThreads: Threads | undefined
  #at = 0
  #before: number | undefined
  #state: State
  /** Earliest possible start of an open match; −1 for none. */
  #open = -1
  #isExact = false
  /** Whether the text belongs to a match longer than `maxHeldCharacters`. `#oversizedReplacement` replaces it. */
  #inOversizedMatch = false
  #oversizedReplacement: string | undefined
  #rejected: { readonly at: number; readonly rules: Set<number> } | undefined
  #excluded: Set<number> | undefined
  #work = 0

  constructor(options: ScannerOptions) {
    this.#options = options
    this.#text = new TextWindow(options.automaton.alphabet)
    this.#state = options.automaton.startState(undefined)
  }

  get #threads(): Threads {
    return (this.#createdThreads ??= new Threads(this.#options.automaton))
  }

  /** Appends text. */
  push(text: string): void {
    this.#text.push(text)
  }

  /** Marks the end of the text. */
  end(): void {
    this.#text.complete()
  }

  /** Whether a match has blocked the text. */
  get blocked(): boolean {
    return this.#settled.blocked
  }

  /** Scans for about `budget` steps and appends settled ranges to `out`. Returns whether all available text is scanned. */
  run(out: SettledRange[], budget: number = Infinity): boolean {
    const { automaton } = this.#options
    const startedAt = automaton.work
    this.#work = 0
    if (this.#createdThreads !== undefined) this.#createdThreads.work = 0
    let more = true
    while (more && !this.blocked) {
      if (this.#work + (this.#createdThreads?.work ?? 0) + (automaton.work - startedAt) * 4 > budget) break
      more = this.#isExact ? this.#scanExact(out) : this.#scanFast(out)
    }
    this.#release(out)
    return !more || this.blocked
  }

  // Scans with the DFA while there is no match. Returns false if no more text is available.
  #scanFast(out: SettledRange[]): boolean {
    const { automaton, maxHeldCharacters } = this.#options
    const { ascii } = automaton.alphabet
    const text = this.#text
    const stop = this.#at + SLICE
    let state = this.#state
    while (this.#at < stop) {
      const unit = text.unitAt(this.#at)
      let kind = unit < 128 ? (ascii[unit] as number) : 0
      let size = 1
      if (kind === 0) {
        const next = text.classAt(this.#at)
        if (next === undefined) return this.#suspend(state)
        ;({ kind, size } = next)
      }
      const next = state.next[kind] ?? automaton.step(state, kind)
      if (next === HIT || (this.#open >= 0 && this.#at - this.#open >= maxHeldCharacters)) {
        this.#state = state
        this.#enterExact(this.#open >= 0 ? this.#open : this.#at)
        return true
      }
      if (kind === END) return this.#finish(out)
      if (!next.hasOpenMatch) this.#open = -1
      else if (this.#open < 0) this.#open = this.#at
      this.#at += size
      state = next
    }
    this.#state = state
    this.#work += SLICE
    return true
  }

  #suspend(state: State): boolean {
    this.#state = state
    return false
  }

  #finish(out: SettledRange[]): boolean {
    this.#open = -1
    this.#isExact = false
    this.#at = this.#text.end
    this.#release(out)
    return false
  }

  #enterExact(from: number): void {
    this.#isExact = true
    this.#threads.reset()
    this.#at = from
    this.#before = this.#text.classBefore(from)
  }

  #enterFast(): void {
    this.#isExact = false
    this.#open = -1
    this.#state = this.#options.automaton.startState(this.#before)
  }

  #scanExact(out: SettledRange[]): boolean {
    const threads = this.#threads
    const next = this.#text.classAt(this.#at)
    if (next === undefined) return false
    const { kind, size } = next
    if (threads.match === undefined) threads.begin(this.#at, this.#excluded)
    this.#excluded = undefined
    threads.step(this.#before, kind, this.#at)
    if (kind === END && threads.match === undefined && !this.#inOversizedMatch) return this.#finish(out)
    if (kind !== END) {
      this.#before = kind
      this.#at += size
    }
    this.#work += 4
    if (!threads.hasOpenMatch) return this.#completeMatch(out, kind)
    this.#open = Math.min(threads.firstStart, threads.match?.start ?? Infinity)
    if (kind !== END) this.#checkLength(out)
    return true
  }

  // Called when no match is open any more: the last one found is final.
  #completeMatch(out: SettledRange[], kind: number): boolean {
    const { match } = this.#threads
    if (this.#inOversizedMatch) return this.#endOversizedMatch()
    if (match === undefined) {
      this.#enterFast()
      return kind !== END
    }
    const text = this.#text.slice(match.start, match.end)
    const outcome = this.#options.judge(match.rule, text, false)
    this.#threads.reset()
    const skip = outcome?.skip ?? 0
    const length = outcome?.length ?? text.length - skip
    if (outcome === undefined || length === 0) {
      const excluded = this.#rejected?.at === match.start ? this.#rejected.rules : new Set<number>()
      excluded.add(match.rule)
      this.#rejected = { at: match.start, rules: excluded }
      this.#enterExact(match.start)
      this.#open = match.start
      this.#excluded = excluded
      return true
    }
    this.#settled.apply(out, match.start + skip, { ...outcome, length })
    this.#enterExact(match.start + skip + length)
    this.#open = -1
    return !this.blocked
  }

  // An undecided match longer than the limit is treated as a match, so that none of it leaks.
  #checkLength(out: SettledRange[]): void {
    const threads = this.#threads
    if (this.#inOversizedMatch) return this.#settled.extend(out, this.#at, this.#oversizedReplacement)
    const since = Math.max(threads.firstStart, threads.match?.end ?? 0)
    if (this.#at - since <= this.#options.maxHeldCharacters) return
    const start = Math.min(threads.firstStart, threads.match?.start ?? Infinity)
    const { firstRule } = threads
    const outcome = this.#options.judge(firstRule, this.#text.slice(start, this.#at), true) ?? {}
    threads.keepFirstMatch({ start, end: this.#at, rule: firstRule })
    this.#inOversizedMatch = true
    this.#oversizedReplacement = outcome.replacement === undefined ? undefined : ''
    this.#settled.apply(out, start, { ...outcome, length: this.#at - start })
    if (!this.blocked) this.#settled.keep(out, this.#at)
  }

  // Scanning continues with the character that ended the oversized match.
  #endOversizedMatch(): boolean {
    this.#inOversizedMatch = false
    this.#threads.reset()
    this.#at = this.#settled.end
    this.#before = this.#text.classBefore(this.#at)
    this.#enterFast()
    return true
  }

  // Settles all text before the earliest open match.
  #release(out: SettledRange[]): void {
    if (this.blocked) return
    this.#settled.keep(out, this.#open >= 0 ? this.#open : this.#at)
    this.#text.dropBefore(Math.min(this.#settled.end, this.#at))
  }
}

/** Number of characters between two checks of the budget. */
const SLICE = 512

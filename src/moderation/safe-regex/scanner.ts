import { END } from './alphabet.ts'
import { HIT, type Automaton, type State } from './automaton.ts'
import { Threads } from './threads.ts'

/** A range of the text that is decided, from the end of the one before: as it was, or with other words in its place. */
export interface Decided {
  readonly to: number
  readonly replacement?: string | undefined
}

/** What is to become of a match. */
export interface Outcome {
  /** How much of it is only the way to what counts. Default: nothing. */
  readonly skip?: number | undefined
  /** How much of it counts, from there. Default: all. */
  readonly length?: number | undefined
  readonly replacement?: string | undefined
  /** Nothing from here on may be given. */
  readonly block?: boolean | undefined
}

export interface ScannerOptions {
  readonly automaton: Automaton
  /** Decides on a match; `undefined` where it is none after all. `cut`: the match may be longer than was waited for. */
  readonly judge: (rule: number, text: string, cut: boolean) => Outcome | undefined
  /** What may be a match is waited for so long; beyond that it counts as one for as long as it may become one. */
  readonly maxHeldCharacters: number
}

/**
 * Finds matches in a text that arrives in pieces, first and leftmost, without overlap. What is decided depends on the
 * text alone and never on where it was cut.
 */
export class Scanner {
  readonly #options: ScannerOptions
  // Made when first needed: most texts have nothing in them.
  #made: Threads | undefined
  #buffer = ''
  /** Place of the buffer's first character in the text, and the class of the one before. */
  #base = 0
  #baseBefore: number | undefined
  #at = 0
  #before: number | undefined
  #state: State
  /** Where the oldest open match may have begun; −1 for none. */
  #open = -1
  #precise = false
  /** True while what is read belongs to a match that was too long to wait for; `rest` is put in its place. */
  #swallowing = false
  #rest: string | undefined
  #rejected: { readonly at: number; readonly rules: Set<number> } | undefined
  #without: Set<number> | undefined
  #decided = 0
  #ended = false
  /** True once a match forbids to go on. */
  blocked = false
  #work = 0

  constructor(options: ScannerOptions) {
    this.#options = options
    this.#state = options.automaton.quiet(undefined)
  }

  get #threads(): Threads {
    return (this.#made ??= new Threads(this.#options.automaton))
  }

  /** More of the text. */
  push(text: string): void {
    this.#buffer += text
  }

  /** The text ends here. */
  end(): void {
    this.#ended = true
  }

  /** True where text is held back. */
  get held(): boolean {
    return this.#decided < this.#base + this.#buffer.length
  }

  /** Takes at most about `budget` steps and writes to `out` what is decided. False where there is more to do. */
  run(out: Decided[], budget: number = Infinity): boolean {
    const { automaton } = this.#options
    const startedAt = automaton.work
    this.#work = 0
    if (this.#made !== undefined) this.#made.work = 0
    let more = true
    while (more && !this.blocked) {
      if (this.#work + (this.#made?.work ?? 0) + (automaton.work - startedAt) * 4 > budget) break
      more = this.#precise ? this.#stepPrecisely(out) : this.#skim(out)
    }
    this.#release(out)
    return !more || this.blocked
  }

  get #end(): number {
    return this.#base + this.#buffer.length
  }

  // The class of the next character; `undefined` where it has not come yet. A pair is one character, also where it was cut.
  #kindAt(at: number): { kind: number; size: number } | undefined {
    const index = at - this.#base
    if (index >= this.#buffer.length) return this.#ended ? { kind: END, size: 0 } : undefined
    const unit = this.#buffer.charCodeAt(index)
    if (unit < 0xd800 || unit > 0xdbff)
      return { kind: this.#options.automaton.alphabet.classOf(unit), size: 1 }
    if (index + 1 >= this.#buffer.length && !this.#ended) return undefined
    const code = this.#buffer.codePointAt(index) as number
    return { kind: this.#options.automaton.alphabet.classOf(code), size: code > 0xffff ? 2 : 1 }
  }

  // Over text in which nothing is found. Gives false where no more can be done now.
  #skim(out: Decided[]): boolean {
    const { automaton, maxHeldCharacters } = this.#options
    const { ascii } = automaton.alphabet
    const stop = this.#at + SLICE
    let state = this.#state
    while (this.#at < stop) {
      const unit = this.#buffer.charCodeAt(this.#at - this.#base)
      let kind = unit < 128 ? (ascii[unit] as number) : 0
      let size = 1
      if (kind === 0) {
        const next = this.#kindAt(this.#at)
        if (next === undefined) return this.#pause(state)
        ;({ kind, size } = next)
      }
      const next = state.next[kind] ?? automaton.step(state, kind)
      if (next === HIT || (this.#open >= 0 && this.#at - this.#open >= maxHeldCharacters)) {
        this.#state = state
        this.#enterPrecise(this.#open >= 0 ? this.#open : this.#at)
        return true
      }
      if (kind === END) return this.#finish(out)
      if (!next.live) this.#open = -1
      else if (this.#open < 0) this.#open = this.#at
      this.#at += size
      state = next
    }
    this.#state = state
    this.#work += SLICE
    return true
  }

  #pause(state: State): boolean {
    this.#state = state
    return false
  }

  #finish(out: Decided[]): boolean {
    this.#open = -1
    this.#precise = false
    this.#at = this.#end
    this.#release(out)
    return false
  }

  #enterPrecise(from: number): void {
    this.#precise = true
    this.#threads.reset()
    this.#at = from
    this.#before = this.#classBefore(from)
  }

  #enterQuiet(): void {
    this.#precise = false
    this.#open = -1
    this.#state = this.#options.automaton.quiet(this.#before)
  }

  #stepPrecisely(out: Decided[]): boolean {
    const threads = this.#threads
    const next = this.#kindAt(this.#at)
    if (next === undefined) return false
    const { kind, size } = next
    if (threads.match === undefined) threads.begin(this.#at, this.#without)
    this.#without = undefined
    threads.step(this.#before, kind, this.#at)
    if (kind === END && threads.match === undefined && !this.#swallowing) return this.#finish(out)
    if (kind !== END) {
      this.#before = kind
      this.#at += size
    }
    this.#work += 4
    if (!threads.live) return this.#settle(out, kind)
    this.#open = Math.min(threads.first, threads.match?.start ?? Infinity)
    if (kind !== END) this.#checkLength(out)
    return true
  }

  // No match is open any more: the one that was found stands.
  #settle(out: Decided[], kind: number): boolean {
    const { match } = this.#threads
    if (this.#swallowing) return this.#endSwallowing()
    if (match === undefined) {
      this.#enterQuiet()
      return kind !== END
    }
    const text = this.#slice(match.start, match.end)
    const outcome = this.#options.judge(match.rule, text, false)
    this.#threads.reset()
    const skip = outcome?.skip ?? 0
    const length = outcome?.length ?? text.length - skip
    if (outcome === undefined || length === 0) {
      const without = this.#rejected?.at === match.start ? this.#rejected.rules : new Set<number>()
      without.add(match.rule)
      this.#rejected = { at: match.start, rules: without }
      this.#enterPrecise(match.start)
      this.#open = match.start
      this.#without = without
      return true
    }
    this.#decide(out, match.start + skip, { ...outcome, length })
    this.#enterPrecise(match.start + skip + length)
    this.#open = -1
    return !this.blocked
  }

  #decide(out: Decided[], start: number, { length = 0, replacement, block }: Outcome): void {
    this.#releaseTo(out, start)
    if (block === true) {
      this.blocked = true
      return
    }
    if (replacement === undefined) return
    this.#decided = start + length
    out.push({ to: this.#decided, replacement })
  }

  // What cannot be told from a match within the length that is waited for is treated as one: nothing of it leaks.
  #checkLength(out: Decided[]): void {
    const threads = this.#threads
    if (this.#swallowing) return this.#swallow(out)
    const since = Math.max(threads.first, threads.match?.end ?? 0)
    if (this.#at - since <= this.#options.maxHeldCharacters) return
    const start = Math.min(threads.first, threads.match?.start ?? Infinity)
    const { firstRule } = threads
    const outcome = this.#options.judge(firstRule, this.#slice(start, this.#at), true) ?? {}
    threads.keepFirst({ start, end: this.#at, rule: firstRule })
    this.#swallowing = true
    this.#rest = outcome.replacement === undefined ? undefined : ''
    this.#decide(out, start, { ...outcome, length: this.#at - start })
    if (!this.blocked) this.#releaseTo(out, this.#at)
  }

  #swallow(out: Decided[]): void {
    const last = out.at(-1)
    const more = { to: this.#at, replacement: this.#rest }
    if (last !== undefined && last.replacement === this.#rest) out[out.length - 1] = more
    else out.push(more)
    this.#decided = this.#at
    this.#trim()
  }

  // The character that ended it is looked at anew.
  #endSwallowing(): boolean {
    this.#swallowing = false
    this.#threads.reset()
    this.#at = this.#decided
    this.#before = this.#classBefore(this.#at)
    this.#enterQuiet()
    return true
  }

  // Everything that no open match can reach is decided.
  #release(out: Decided[]): void {
    if (this.blocked) return
    this.#releaseTo(out, this.#open >= 0 ? this.#open : this.#at)
    this.#trim()
  }

  #releaseTo(out: Decided[], to: number): void {
    if (to <= this.#decided) return
    this.#decided = to
    out.push({ to })
  }

  #trim(): void {
    const cut = Math.min(this.#decided, this.#at) - this.#base
    if (cut <= 0) return
    this.#baseBefore = this.#classBefore(this.#base + cut)
    this.#buffer = this.#buffer.slice(cut)
    this.#base += cut
  }

  #slice(from: number, to: number): string {
    return this.#buffer.slice(from - this.#base, to - this.#base)
  }

  #classBefore(at: number): number | undefined {
    const index = at - this.#base
    if (index === 0) return this.#baseBefore
    const { alphabet } = this.#options.automaton
    const unit = this.#buffer.charCodeAt(index - 1)
    const isTail = unit >= 0xdc00 && unit <= 0xdfff && index > 1
    const code = isTail ? (this.#buffer.codePointAt(index - 2) as number) : unit
    return alphabet.classOf(code > 0xffff ? code : unit)
  }
}

/** Characters after which the budget is looked at again. */
const SLICE = 512

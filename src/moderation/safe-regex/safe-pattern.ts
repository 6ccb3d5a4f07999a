import { argument, checkArguments } from '../../core/check-arguments.ts'
import { LlmError } from '../../core/error.ts'
import { END } from './alphabet.ts'
import { Automaton, HIT, type State } from './automaton.ts'
import { compileProgram, type Search } from './program.ts'
import { readPattern } from './read-pattern.ts'
import { Scanner } from './scanner.ts'
import type { SettledRange } from './settled-text.ts'
import { refusePattern, type Flags } from './syntax.ts'
import { yieldToEventLoop } from '../../core/yield.ts'
import { wholeWord } from './word-boundary.ts'

/** What to search for: a pattern in JavaScript's syntax, or literal words. */
export type PatternInput =
  | { readonly pattern: string; readonly flags?: string | undefined }
  | {
      readonly words: readonly string[]
      /** Whether case is ignored. Default true. */
      readonly ignoreCase?: boolean | undefined
      /** Whether a word matches only if no letter or digit precedes or follows it. Default false. */
      readonly wholeWords?: boolean | undefined
    }

/** The range of a match, in UTF-16 units. */
export interface PatternMatch {
  readonly start: number
  readonly end: number
}

/** A compiled pattern whose matching time is linear in the text, so that untrusted patterns are safe. */
export interface SafePattern {
  /**
   * Whether the text has a match. Synchronous; throws `invalid-request` after a million steps, about 20 ms, which only a
   * hostile pattern on a long text reaches. Use `testLong` then.
   */
  test(text: string): boolean
  /** Like `test`, without a limit of steps. Yields to the event loop every few milliseconds. */
  testLong(text: string): Promise<boolean>
  /** Returns the start of the first non-empty match, or `undefined`. Yields to the event loop every few milliseconds. */
  find(text: string): Promise<number | undefined>
  /**
   * Returns all non-empty matches, from left to right, without overlap. Yields to the event loop every few milliseconds.
   * Rejects with `invalid-request` after 120 million steps.
   */
  matches(text: string): Promise<readonly PatternMatch[]>
}

/**
 * Compiles a pattern. Throws `invalid-request`, with reason and position, if it is malformed or exceeds 2 000 characters,
 * 100 groups or 1 500 steps. Refuses backreferences and lookaround of more than one character. Nested quantifiers are
 * safe, because the engine never backtracks.
 */
export function compilePattern(input: PatternInput | string): SafePattern {
  const given = typeof input === 'string' ? { pattern: input } : input
  checkArguments('compilePattern', 'words' in Object(given) ? {} : { pattern: argument.text }, given)
  const searches =
    'words' in given ? wordSearches(given) : [{ node: readPattern(given.pattern, readFlags(given.flags)) }]
  return new CompiledPattern(new Automaton(compileProgram(searches)))
}

/** Reads the flags `i`, `m` and `s`. Ignores `d`, `g`, `u`, `v` and `y`. Throws `invalid-request` for any other. */
export function readFlags(flags = ''): Flags {
  const unknown = /[^dgimsuvy]/.exec(flags)?.[0]
  if (unknown !== undefined)
    throw new LlmError('invalid-request', `pattern refused: unknown flag "${unknown}"; known: i, m, s`, {
      issues: [{ path: 'flags', message: `unknown flag "${unknown}"; known: i, m, s` }],
    })
  return { ignoreCase: flags.includes('i'), multiline: flags.includes('m'), dotAll: flags.includes('s') }
}

function wordSearches({
  words,
  ignoreCase = true,
  wholeWords = false,
}: Extract<PatternInput, { words: unknown }>): Search[] {
  const known = words.filter((word) => word !== '')
  if (wholeWords) return known.map((word) => ({ node: wholeWord(word, ignoreCase) }))
  return known.map((literal) => ({ literal, ignoreCase }))
}

const STEPS_PER_SLICE = 60_000
const STEPS_AT_ONCE = 1_000_000
const MAX_SLICES = 2_000

class CompiledPattern implements SafePattern {
  readonly #automaton: Automaton

  constructor(automaton: Automaton) {
    this.#automaton = automaton
  }

  test(text: string): boolean {
    const found = this.#walk(text, STEPS_AT_ONCE).next().value
    return found ?? refusePattern('it needs too many steps on this text; use testLong')
  }

  async testLong(text: string): Promise<boolean> {
    const walk = this.#walk(text, STEPS_PER_SLICE)
    for (;;) {
      const { value } = walk.next()
      if (value !== undefined) return value
      await yieldToEventLoop()
    }
  }

  async find(text: string): Promise<number | undefined> {
    const scanner = new Scanner({
      automaton: this.#automaton,
      judge: () => ({ block: true }),
      maxHeldCharacters: Infinity,
    })
    const settled: SettledRange[] = []
    scanner.push(text)
    scanner.end()
    while (!scanner.run(settled, STEPS_PER_SLICE)) await yieldToEventLoop()
    return scanner.blocked ? (settled.at(-1)?.to ?? 0) : undefined
  }

  async matches(text: string): Promise<readonly PatternMatch[]> {
    const automaton = this.#automaton
    const scanner = new Scanner({
      automaton,
      judge: () => ({ replacement: '' }),
      maxHeldCharacters: Infinity,
    })
    const settled: SettledRange[] = []
    scanner.push(text)
    scanner.end()
    for (let slice = 0; !scanner.run(settled, STEPS_PER_SLICE); slice++) {
      if (slice >= MAX_SLICES)
        refusePattern('it needs too many steps on this text; simplify it or shorten the text')
      await yieldToEventLoop()
    }
    return settled.flatMap(({ to, replacement }, index) =>
      replacement === undefined ? [] : [{ start: settled[index - 1]?.to ?? 0, end: to }],
    )
  }

  // Yields `undefined` when the budget is spent.
  *#walk(text: string, budget: number): Generator<boolean | undefined, boolean> {
    const automaton = this.#automaton
    const { alphabet } = automaton
    let state: State = automaton.startState(undefined)
    let spent = 0
    for (let at = 0; at < text.length;) {
      const code = text.codePointAt(at) as number
      const kind = alphabet.classOf(code)
      const before = automaton.work
      state = state.next[kind] ?? automaton.step(state, kind)
      if (state === HIT) return true
      spent += 1 + (automaton.work - before)
      if (spent > budget) {
        spent = 0
        yield undefined
      }
      at += code > 0xffff ? 2 : 1
    }
    return automaton.step(state, END) === HIT
  }
}

import { LlmError } from '../../core/error.ts'
import { END } from './alphabet.ts'
import { Automaton, HIT, type State } from './automaton.ts'
import { compileProgram, type Search } from './program.ts'
import { readPattern } from './read-pattern.ts'
import { Scanner, type Decided } from './scanner.ts'
import { refusePattern, type Flags } from './syntax.ts'
import { yieldToEventLoop } from '../../core/yield.ts'
import { wholeWord } from './word-boundary.ts'

/** What to look for: a pattern in JavaScript's syntax, or words as they are. */
export type PatternInput =
  | { readonly pattern: string; readonly flags?: string | undefined }
  | {
      readonly words: readonly string[]
      /** Default true. */
      readonly ignoreCase?: boolean | undefined
      /** Only where no letter or digit stands before or behind. Default false. */
      readonly wholeWords?: boolean | undefined
    }

/** Where a match is, in UTF-16 units. */
export interface PatternMatch {
  readonly start: number
  readonly end: number
}

/** A pattern from a stranger, whose time is linear in the text whatever it says. */
export interface SafePattern {
  /**
   * True where the text has a match. Holds the thread: refuses with `invalid-request` where that would be for more than
   * some 20 ms, which takes a hostile pattern and a long text; `testLong` is for those.
   */
  test(text: string): boolean
  /** The same, giving way to others every few milliseconds. */
  testLong(text: string): Promise<boolean>
  /** Where the first match of at least one character begins; `undefined` where there is none. Gives way to others too. */
  find(text: string): Promise<number | undefined>
  /**
   * All matches, leftmost first, without overlap; matches of no characters are passed over. Gives way to others every few
   * milliseconds; rejects with `invalid-request` where pattern and text together take more steps than are reasonable.
   */
  matches(text: string): Promise<readonly PatternMatch[]>
}

/**
 * Compiles a pattern. Refuses with `invalid-request`, naming reason and place: what is not well-formed, backreferences,
 * lookaround of more than one character, more than 2 000 characters or 100 groups, and what is too large written out.
 * Nested quantifiers are no danger here: the engine never tries a way twice.
 */
export function compilePattern(input: PatternInput | string): SafePattern {
  const given = typeof input === 'string' ? { pattern: input } : input
  const searches =
    'words' in given ? wordSearches(given) : [{ node: readPattern(given.pattern, readFlags(given.flags)) }]
  return new CompiledPattern(new Automaton(compileProgram(searches)))
}

/** Reads `imsu`; `g` and `y` change nothing here. */
export function readFlags(flags = ''): Flags {
  const odd = /[^dgimsuvy]/.exec(flags)?.[0]
  if (odd !== undefined)
    throw new LlmError('invalid-request', `the pattern is refused: the flag "${odd}" is not known`, {
      issues: [{ path: 'flags', message: `"${odd}" is not known` }],
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

const STEPS_A_TURN = 60_000
const STEPS_AT_ONCE = 1_000_000
const MOST_TURNS = 2_000

class CompiledPattern implements SafePattern {
  readonly #automaton: Automaton

  constructor(automaton: Automaton) {
    this.#automaton = automaton
  }

  test(text: string): boolean {
    const found = this.#walk(text, STEPS_AT_ONCE).next().value
    return found ?? refusePattern('it takes too long on this text; use testLong')
  }

  async testLong(text: string): Promise<boolean> {
    const walk = this.#walk(text, STEPS_A_TURN)
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
    const decided: Decided[] = []
    scanner.push(text)
    scanner.end()
    while (!scanner.run(decided, STEPS_A_TURN)) await yieldToEventLoop()
    return scanner.blocked ? (decided.at(-1)?.to ?? 0) : undefined
  }

  async matches(text: string): Promise<readonly PatternMatch[]> {
    const automaton = this.#automaton
    const scanner = new Scanner({
      automaton,
      judge: () => ({ replacement: '' }),
      maxHeldCharacters: Infinity,
    })
    const decided: Decided[] = []
    scanner.push(text)
    scanner.end()
    for (let turn = 0; !scanner.run(decided, STEPS_A_TURN); turn++) {
      if (turn >= MOST_TURNS)
        refusePattern('it takes too long on this text; let it match longer pieces, or fewer')
      await yieldToEventLoop()
    }
    return decided.flatMap(({ to, replacement }, index) =>
      replacement === undefined ? [] : [{ start: decided[index - 1]?.to ?? 0, end: to }],
    )
  }

  // Gives `undefined` where it is time to give way.
  *#walk(text: string, budget: number): Generator<boolean | undefined, boolean> {
    const automaton = this.#automaton
    const { alphabet } = automaton
    let state: State = automaton.quiet(undefined)
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

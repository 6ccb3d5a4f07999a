import { END, type Alphabet } from './alphabet.ts'
import { Marks } from './placeholder-marks.ts'
import { OP, type Program } from './program.ts'

/** All places at which matches that have begun may be. */
export interface State {
  /** Steps to go on from, without those of a match that begins here. */
  readonly steps: readonly number[]
  /** Class of the character before; `undefined` at the beginning of the text. */
  readonly before: number | undefined
  /** True where a match may have begun. */
  readonly live: boolean
  /** False where it is made anew each time. */
  readonly kept: boolean
  /** By class of the next character: where it leads. */
  readonly next: (State | undefined)[]
}

/** Stands for: a match ends here. */
export const HIT: State = Object.freeze({
  steps: [],
  before: undefined,
  live: true,
  kept: true,
  next: Object.freeze([]) as never,
})

const MOST_STATES = 4_000
const MOST_STEPS_OF_A_STATE = 120
const REFUSALS_BEFORE_CLEARING = 20_000

/**
 * Tells whether matches may have begun and whether one has ended, at the cost of one look-up per character: states are
 * made when they are first met. Their number is bounded; states beyond it are made anew each time, in time that is
 * linear in the size of the patterns.
 */
export class Automaton {
  readonly program: Program
  /** Steps taken to make states, so far. */
  work = 0
  readonly #states = new Map<string, State>()
  readonly #looksBefore: readonly number[]
  #refused = 0
  /** Of the steps that were followed, and of those that they lead to. */
  readonly marks: Marks
  readonly nextMarks: Marks
  readonly #stack: number[] = []

  constructor(program: Program) {
    this.program = program
    this.marks = new Marks(program.op.length)
    this.nextMarks = new Marks(program.op.length)
    this.#looksBefore = program.alphabet.looks.flatMap(({ look }, id) => (look.side === 'before' ? [id] : []))
  }

  get alphabet(): Alphabet {
    return this.program.alphabet
  }

  /** The state in which nothing has begun. */
  quiet(before: number | undefined): State {
    return this.#stateOf([], before)
  }

  /** Where a character of class `kind` leads; {@link HIT} where a match ends before it. */
  step(state: State, kind: number): State {
    const known = state.next[kind]
    if (known !== undefined) return known
    const steps: number[] = []
    const hit = this.#explore(state, kind, steps)
    const next = hit ? HIT : this.#stateOf(steps, kind)
    // One that is not kept must not be held by one that is.
    if (next.kept) state.next[kind] = next
    return next
  }

  #explore({ steps, before }: State, kind: number, out: number[]): boolean {
    const { op, x, y, seeds, alphabet } = this.program
    const member = alphabet.members[kind] as Uint8Array
    const stack = this.#stack
    const { marks } = this
    marks.clear()
    for (let at = seeds.length - 1; at >= 0; at--) stack.push(seeds[at] as number)
    for (let at = steps.length - 1; at >= 0; at--) stack.push(steps[at] as number)
    for (let pc = stack.pop(); pc !== undefined; pc = stack.pop()) {
      if (!marks.visit(pc)) continue
      this.work++
      const kindOfStep = op[pc]
      if (kindOfStep === OP.char) {
        if (kind !== END && member[x[pc] as number] === 1) out.push(y[pc] as number)
      } else if (kindOfStep === OP.fork) stack.push(y[pc] as number, x[pc] as number)
      else if (kindOfStep === OP.look) {
        const side = alphabet.looks[x[pc] as number]?.look.side === 'before' ? before : kind
        if (alphabet.holds(x[pc] as number, side)) stack.push(y[pc] as number)
      } else {
        stack.length = 0
        return true
      }
    }
    return false
  }

  #stateOf(steps: readonly number[], before: number | undefined): State {
    const fresh = (kept: boolean): State => ({ steps, before, live: steps.length > 0, kept, next: [] })
    if (steps.length > MOST_STEPS_OF_A_STATE) return fresh(false)
    const looks = this.#looksBefore.map((id) => (this.alphabet.holds(id, before) ? '1' : '0')).join('')
    const key = `${steps.length > 1 ? steps.toSorted((a, b) => a - b).join() : String(steps[0])}|${looks}`
    const known = this.#states.get(key)
    if (known !== undefined) return known
    if (this.#states.size >= MOST_STATES) {
      if (++this.#refused < REFUSALS_BEFORE_CLEARING) return fresh(false)
      this.#refused = 0
      this.#states.clear()
    }
    const state = fresh(true)
    this.#states.set(key, state)
    return state
  }
}

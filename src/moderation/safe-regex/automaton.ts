import { END, type Alphabet } from './alphabet.ts'
import { VisitedSet } from './visited-set.ts'
import { OP, type Program } from './program.ts'

/** A state of the automaton: the set of steps that open matches may be at. */
export interface State {
  /** The steps of open matches, without those of a match that begins here. */
  readonly steps: readonly number[]
  /** Class of the previous character; `undefined` at the beginning of the text. */
  readonly before: number | undefined
  /** Whether a match may have begun. */
  readonly hasOpenMatch: boolean
  /** Whether the state is cached. An uncached one is created each time it is reached. */
  readonly isCached: boolean
  /** The next state, by class of the next character. */
  readonly next: (State | undefined)[]
}

/** The state that means that a match ends here. */
export const HIT: State = Object.freeze({
  steps: [],
  before: undefined,
  hasOpenMatch: true,
  isCached: true,
  next: Object.freeze([]) as never,
})

const MAX_STATES = 4_000
const MAX_STEPS_PER_STATE = 120
const UNCACHED_BEFORE_CLEARING = 20_000

/**
 * A lazy DFA: reports whether matches may have begun and whether one has ended, at one table lookup per character. It
 * creates states on demand and caches a bounded number. An uncached state costs time linear in the size of the patterns.
 */
export class Automaton {
  readonly program: Program
  /** Number of steps taken so far to create states. */
  work = 0
  readonly #states = new Map<string, State>()
  readonly #lookbehinds: readonly number[]
  #uncached = 0
  /** The steps already followed, and the steps already reached, in the current round. */
  readonly visited: VisitedSet
  readonly nextVisited: VisitedSet
  readonly #stack: number[] = []

  constructor(program: Program) {
    this.program = program
    this.visited = new VisitedSet(program.op.length)
    this.nextVisited = new VisitedSet(program.op.length)
    this.#lookbehinds = program.alphabet.assertions.flatMap(({ assertion }, id) =>
      assertion.side === 'before' ? [id] : [],
    )
  }

  get alphabet(): Alphabet {
    return this.program.alphabet
  }

  /** Returns the state in which no match has begun. */
  startState(before: number | undefined): State {
    return this.#stateOf([], before)
  }

  /** Returns the state after a character of class `kind`, or {@link HIT} if a match ends before it. */
  step(state: State, kind: number): State {
    const known = state.next[kind]
    if (known !== undefined) return known
    const steps: number[] = []
    const hit = this.#explore(state, kind, steps)
    const next = hit ? HIT : this.#stateOf(steps, kind)
    // A cached state must not refer to an uncached one, because that would keep it in memory.
    if (next.isCached) state.next[kind] = next
    return next
  }

  #explore({ steps, before }: State, kind: number, out: number[]): boolean {
    const { op, x, y, seeds, alphabet } = this.program
    const member = alphabet.members[kind] as Uint8Array
    const stack = this.#stack
    const { visited } = this
    visited.clear()
    for (let at = seeds.length - 1; at >= 0; at--) stack.push(seeds[at] as number)
    for (let at = steps.length - 1; at >= 0; at--) stack.push(steps[at] as number)
    for (let pc = stack.pop(); pc !== undefined; pc = stack.pop()) {
      if (!visited.add(pc)) continue
      this.work++
      const kindOfStep = op[pc]
      if (kindOfStep === OP.char) {
        if (kind !== END && member[x[pc] as number] === 1) out.push(y[pc] as number)
      } else if (kindOfStep === OP.fork) stack.push(y[pc] as number, x[pc] as number)
      else if (kindOfStep === OP.assert) {
        const side = alphabet.assertions[x[pc] as number]?.assertion.side === 'before' ? before : kind
        if (alphabet.holds(x[pc] as number, side)) stack.push(y[pc] as number)
      } else {
        stack.length = 0
        return true
      }
    }
    return false
  }

  #stateOf(steps: readonly number[], before: number | undefined): State {
    const create = (isCached: boolean): State => ({
      steps,
      before,
      hasOpenMatch: steps.length > 0,
      isCached,
      next: [],
    })
    if (steps.length > MAX_STEPS_PER_STATE) return create(false)
    const assertions = this.#lookbehinds.map((id) => (this.alphabet.holds(id, before) ? '1' : '0')).join('')
    const key = `${steps.length > 1 ? steps.toSorted((a, b) => a - b).join() : String(steps[0])}|${assertions}`
    const known = this.#states.get(key)
    if (known !== undefined) return known
    if (this.#states.size >= MAX_STATES) {
      if (++this.#uncached < UNCACHED_BEFORE_CLEARING) return create(false)
      this.#uncached = 0
      this.#states.clear()
    }
    const state = create(true)
    this.#states.set(key, state)
    return state
  }
}

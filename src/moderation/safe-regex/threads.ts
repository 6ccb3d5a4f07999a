import { END } from './alphabet.ts'
import type { Automaton } from './automaton.ts'
import { OP, type Program } from './program.ts'

/** A match, valid unless a thread of higher precedence finds another. */
export interface Match {
  readonly start: number
  readonly end: number
  readonly rule: number
}

/**
 * The threads of a Pike VM: all alternatives that a backtracking engine would try one by one, advanced in parallel, in
 * order of precedence, each with the position where it began. Time is linear in text length times program steps.
 */
export class Threads {
  readonly #program: Program
  readonly #automaton: Automaton
  readonly #stack: number[] = []
  #steps: number[] = []
  #starts: number[] = []
  #nextSteps: number[] = []
  #nextStarts: number[] = []
  match: Match | undefined
  work = 0

  constructor(automaton: Automaton) {
    this.#automaton = automaton
    this.#program = automaton.program
  }

  /** Whether a match may still be found or extended. */
  get hasOpenMatch(): boolean {
    return this.#steps.length > 0
  }

  /** Start of the first open match. */
  get firstStart(): number {
    return this.#starts[0] as number
  }

  /** Rule of the first open match. */
  get firstRule(): number {
    return this.#program.rule[this.#steps[0] as number] as number
  }

  reset(): void {
    this.#steps.length = 0
    this.#starts.length = 0
    this.match = undefined
  }

  /** Drops all threads but those of the first open match, and sets `match`. */
  keepFirstMatch(match: Match): void {
    const { firstStart } = this
    let count = 0
    while (this.#starts[count] === firstStart) count++
    this.#steps.length = count
    this.#starts.length = count
    this.match = match
  }

  /** Starts threads at `at` for all rules except those in `without`. */
  begin(at: number, excluded: ReadonlySet<number> | undefined): void {
    for (const seed of this.#program.seeds) {
      if (excluded?.has(this.#program.rule[seed] as number) === true) continue
      this.#steps.push(seed)
      this.#starts.push(at)
    }
  }

  /** Advances all threads over a character of class `kind` at `at`, or over the end. */
  step(before: number | undefined, kind: number, at: number): void {
    this.#nextSteps.length = 0
    this.#nextStarts.length = 0
    this.#automaton.visited.clear()
    this.#automaton.nextVisited.clear()
    for (let index = 0; index < this.#steps.length; index++) {
      const start = this.#starts[index] as number
      const found = this.#follow(this.#steps[index] as number, { before, kind, start, at })
      if (found === undefined) continue
      this.match = { start, end: at, rule: found }
      break
    }
    ;[this.#steps, this.#nextSteps] = [this.#nextSteps, this.#steps]
    ;[this.#starts, this.#nextStarts] = [this.#nextStarts, this.#starts]
  }

  // Returns the rule if the thread has matched.
  #follow(from: number, place: Place): number | undefined {
    const { op, x, y, alphabet } = this.#program
    const { before, kind, start, at } = place
    const { visited } = this.#automaton
    const member = alphabet.members[kind] as Uint8Array
    const stack = this.#stack
    stack.push(from)
    for (let pc = stack.pop(); pc !== undefined; pc = stack.pop()) {
      if (!visited.add(pc)) continue
      this.work++
      const kindOfStep = op[pc]
      if (kindOfStep === OP.char) {
        if (kind !== END && member[x[pc] as number] === 1) this.#advance(y[pc] as number, start)
      } else if (kindOfStep === OP.fork) stack.push(y[pc] as number, x[pc] as number)
      else if (kindOfStep === OP.assert) {
        const side = alphabet.assertions[x[pc] as number]?.assertion.side === 'before' ? before : kind
        if (alphabet.holds(x[pc] as number, side)) stack.push(y[pc] as number)
      } else if (start < at) {
        stack.length = 0
        return x[pc]
      }
    }
    return undefined
  }

  #advance(step: number, start: number): void {
    if (!this.#automaton.nextVisited.add(step)) return
    this.#nextSteps.push(step)
    this.#nextStarts.push(start)
  }
}

interface Place {
  readonly before: number | undefined
  readonly kind: number
  readonly start: number
  readonly at: number
}

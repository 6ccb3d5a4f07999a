import { END } from './alphabet.ts'
import type { Automaton } from './automaton.ts'
import { OP, type Program } from './program.ts'

/** A match that stands, unless a thread that comes before it finds another. */
export interface Match {
  readonly start: number
  readonly end: number
  readonly rule: number
}

/**
 * All ways of matching that are still open, in order of precedence, each with the place where it began: what a
 * backtracking engine would try one after the other, here side by side. Linear in text times steps.
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

  /** True while a match may still be found, or found longer. */
  get live(): boolean {
    return this.#steps.length > 0
  }

  /** Where the first open match began. */
  get first(): number {
    return this.#starts[0] as number
  }

  /** The rule of the first open match. */
  get firstRule(): number {
    return this.#program.rule[this.#steps[0] as number] as number
  }

  reset(): void {
    this.#steps.length = 0
    this.#starts.length = 0
    this.match = undefined
  }

  /** Only the oldest open match goes on, and stands as `match` until then. */
  keepFirst(match: Match): void {
    const { first } = this
    let count = 0
    while (this.#starts[count] === first) count++
    this.#steps.length = count
    this.#starts.length = count
    this.match = match
  }

  /** Lets matches begin at `at`, except of the rules in `without`. */
  begin(at: number, without: ReadonlySet<number> | undefined): void {
    for (const seed of this.#program.seeds) {
      if (without?.has(this.#program.rule[seed] as number) === true) continue
      this.#steps.push(seed)
      this.#starts.push(at)
    }
  }

  /** Takes a character of class `kind` at `at`, or the end. */
  step(before: number | undefined, kind: number, at: number): void {
    this.#nextSteps.length = 0
    this.#nextStarts.length = 0
    this.#automaton.marks.clear()
    this.#automaton.nextMarks.clear()
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

  // Gives the rule where the thread has come to its end.
  #follow(from: number, place: Place): number | undefined {
    const { op, x, y, alphabet } = this.#program
    const { before, kind, start, at } = place
    const { marks } = this.#automaton
    const member = alphabet.members[kind] as Uint8Array
    const stack = this.#stack
    stack.push(from)
    for (let pc = stack.pop(); pc !== undefined; pc = stack.pop()) {
      if (!marks.visit(pc)) continue
      this.work++
      const kindOfStep = op[pc]
      if (kindOfStep === OP.char) {
        if (kind !== END && member[x[pc] as number] === 1) this.#goOn(y[pc] as number, start)
      } else if (kindOfStep === OP.fork) stack.push(y[pc] as number, x[pc] as number)
      else if (kindOfStep === OP.look) {
        const side = alphabet.looks[x[pc] as number]?.look.side === 'before' ? before : kind
        if (alphabet.holds(x[pc] as number, side)) stack.push(y[pc] as number)
      } else if (start < at) {
        stack.length = 0
        return x[pc]
      }
    }
    return undefined
  }

  #goOn(step: number, start: number): void {
    if (!this.#automaton.nextMarks.visit(step)) return
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

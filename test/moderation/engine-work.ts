import { onTestFinished } from 'vitest'
import { Automaton } from '../../src/moderation/safe-regex/automaton.ts'
import { Threads } from '../../src/moderation/safe-regex/threads.ts'

/** Steps that the pattern engine has taken: what its time is made of, and the same on every machine. */
export interface EngineWork {
  automata(): number
  /** Of the scan that runs, since it was last run. */
  threads(): number
  /** Forgets the threads so far. */
  nextScan(): void
}

/** Counts the steps of all automata and threads that work from now on, until the test ends. */
export function watchEngine(): EngineWork {
  const [automata, threads] = [new Set<Automaton>(), new Set<Threads>()]
  const { startState } = Automaton.prototype
  const { begin } = Threads.prototype
  Automaton.prototype.startState = function (...given) {
    automata.add(this)
    return startState.apply(this, given)
  }
  Threads.prototype.begin = function (...given) {
    threads.add(this)
    begin.apply(this, given)
  }
  onTestFinished(() => {
    Automaton.prototype.startState = startState
    Threads.prototype.begin = begin
  })
  return { automata: () => sum(automata), threads: () => sum(threads), nextScan: () => threads.clear() }
}

function sum(engines: Iterable<{ readonly work: number }>): number {
  return [...engines].reduce((total, { work }) => total + work, 0)
}

/** What `work` did between two turns of the event loop, and how many turns it took. */
export interface Turns {
  /** The most steps in one turn. */
  readonly longest: number
  readonly turns: number
}

/** Counts how often `work` yields to the event loop, by an immediate or a timer of no time, and its steps in between. */
export async function turnsOf(steps: () => number, work: () => Promise<unknown>): Promise<Turns> {
  let [longest, turns, last] = [0, 1, steps()]
  const look = (): void => {
    const now = steps()
    longest = Math.max(longest, now - last)
    last = now
  }
  const { setImmediate: immediate, setTimeout: timeout } = globalThis
  const watch =
    <Arguments extends unknown[], Result>(yields: (...given: Arguments) => Result) =>
    (...given: Arguments): Result => {
      look()
      turns++
      return yields(...given)
    }
  globalThis.setImmediate = Object.assign(watch(immediate), immediate)
  globalThis.setTimeout = Object.assign(watch(timeout), timeout)
  try {
    await work()
    look()
  } finally {
    globalThis.setImmediate = immediate
    globalThis.setTimeout = timeout
  }
  return { longest, turns }
}

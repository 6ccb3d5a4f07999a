import type { Clock, Timer } from '../core/clock.ts'

/** A clock that stands still until it is told to go on. */
export interface FakeClock extends Clock {
  /**
   * Goes on by `ms` and runs every timer that falls due, in order, also those that the timers set on the way. Promises
   * that wait for a timer go on after this returns: use `advanceAsync` where they set the next one.
   */
  advance(ms: number): void
  /** As `advance`, but lets promises go on after each timer, so that a chain of waits runs through. */
  advanceAsync(ms: number): Promise<void>
  /** How many timers are set. */
  readonly pending: number
}

export interface FakeClockOptions {
  /** What `epochMs()` gives at the start. Default 1 700 000 000 000, a moment in November 2023. */
  readonly epochMs?: number | undefined
}

/**
 * A clock for tests: pass it wherever a `clock` is taken.
 *
 * ```ts
 * const clock = createFakeClock()
 * const orchestrator = createOrchestrator({ clock })
 * clock.advance(60_000)
 * ```
 */
export function createFakeClock(options: FakeClockOptions = {}): FakeClock {
  return new ManualClock(options.epochMs ?? 1_700_000_000_000)
}

interface SetTimer {
  readonly action: () => void
  readonly dueAt: number
}

class ManualClock implements FakeClock {
  readonly #timers = new Set<SetTimer>()
  readonly #epochStart: number
  #now = 0

  constructor(epochStart: number) {
    this.#epochStart = epochStart
  }

  get pending(): number {
    return this.#timers.size
  }

  readonly now = (): number => this.#now
  readonly epochMs = (): number => this.#epochStart + this.#now

  readonly setTimer = (action: () => void, delayMs: number): Timer => {
    const timer = { action, dueAt: this.#now + Math.max(0, delayMs) }
    this.#timers.add(timer)
    return timer
  }

  readonly clearTimer = (timer: Timer | undefined): void => {
    this.#timers.delete(timer as SetTimer)
  }

  readonly advance = (ms: number): void => {
    const until = this.#now + ms
    while (this.#runNext(until));
    this.#now = until
  }

  readonly advanceAsync = async (ms: number): Promise<void> => {
    const until = this.#now + ms
    await settle()
    while (this.#runNext(until)) await settle()
    this.#now = until
  }

  /** Runs the earliest timer due by `until`; timers of one moment run in the order in which they were set. */
  #runNext(until: number): boolean {
    let next: SetTimer | undefined
    for (const timer of this.#timers)
      if (timer.dueAt <= until && (next === undefined || timer.dueAt < next.dueAt)) next = timer
    if (next === undefined) return false
    this.#timers.delete(next)
    this.#now = Math.max(this.#now, next.dueAt)
    next.action()
    return true
  }
}

// One turn of the event loop: every promise that can go on has gone on.
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

import type { Clock, Timer } from '../core/clock.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { count, type Group } from '../core/schema.ts'

/** A clock whose time moves only when a test advances it. */
export interface FakeClock extends Clock {
  /**
   * Advances the time by `ms` and runs every timer that falls due, in order, including timers that those set. Promises
   * that wait for a timer continue after this returns; use `advanceAsync` if they set the next timer.
   */
  advance(ms: number): void
  /** Like `advance`, but lets promises continue after each timer, so that a chain of waits completes. */
  advanceAsync(ms: number): Promise<void>
  /** Number of timers that are set. */
  readonly pending: number
}

/** Options of `createFakeClock`. */
export interface FakeClockOptions {
  /** Initial value of `epochMs()`, in ms. Default 1 700 000 000 000 (14 November 2023). */
  readonly epochMs?: number | undefined
}

/** The schema of {@link FakeClockOptions}. */
export const fakeClockSchema: Group = optionsSchema<FakeClockOptions>()(() => ({ epochMs: count }))

/**
 * Creates a clock for tests. Pass it as any `clock` option. Throws `misconfigured` if an option is unknown or invalid.
 *
 * ```ts
 * const clock = createFakeClock()
 * const orchestrator = createOrchestrator({ clock })
 * clock.advance(60_000)
 * ```
 */
export function createFakeClock(options: FakeClockOptions = {}): FakeClock {
  checkOptions('createFakeClock', fakeClockSchema, options)
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

  /** Runs the earliest timer due by `until`. Timers of the same time run in the order in which they were set. */
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

// One iteration of the event loop: every promise that can settle has settled.
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

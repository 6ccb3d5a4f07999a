import type { Clock } from '../../core/clock.ts'

const LONGEST_MS = 8

/** Lets others run in between long work on a text. */
export class Breather {
  readonly #clock: Clock
  #since: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#since = clock.now()
  }

  /** Resolves at once, or where the work has gone on for some milliseconds, after everybody else had a turn. */
  async pause(): Promise<void> {
    if (this.#clock.now() - this.#since < LONGEST_MS) return
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 0)
    })
    this.#since = this.#clock.now()
  }
}

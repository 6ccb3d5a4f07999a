import type { Clock } from '../../core/clock.ts'

/** How an entry behaves in time, after it was triggered. */
export interface TimedEffects {
  /** Rests for so long after a trigger. Default 0. */
  readonly cooldownMs?: number | undefined
  /** A second rest, counted in the same way: the longer of the two holds. Default 0. */
  readonly delayMs?: number | undefined
  /** Stays awake for so long after a trigger: without a draw, in spite of cooldown and delay, and first in its group. Default 0. */
  readonly stickyMs?: number | undefined
}

/** Remembers when entries were triggered. */
export class EntryCooldown {
  readonly #clock: Clock
  readonly #triggered = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Within `stickyMs` of its last trigger. */
  isSticky(key: string, { stickyMs = 0 }: TimedEffects): boolean {
    return this.#since(key) < stickyMs
  }

  /** Not within its cooldown or delay. */
  isAwake(key: string, effects: TimedEffects): boolean {
    const { cooldownMs = 0, delayMs = 0 } = effects
    return this.#since(key) >= Math.max(cooldownMs, delayMs)
  }

  /** Notes a trigger. While an entry is sticky, its first trigger counts. */
  trigger(key: string, effects: TimedEffects): void {
    const { cooldownMs = 0, delayMs = 0, stickyMs = 0 } = effects
    if (Math.max(cooldownMs, delayMs, stickyMs) <= 0 || this.isSticky(key, effects)) return
    this.#triggered.set(key, this.#clock.now())
  }

  #since(key: string): number {
    const at = this.#triggered.get(key)
    return at === undefined ? Infinity : this.#clock.now() - at
  }
}

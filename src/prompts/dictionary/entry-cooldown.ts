import type { Clock } from '../../core/clock.ts'

/** Timing of an entry after a trigger. */
export interface TimedEffects {
  /** Time after a trigger in which the entry does not apply, in ms. Default 0. */
  readonly cooldownMs?: number | undefined
  /** Like `cooldownMs`; the longer of the two counts. In ms. Default 0. */
  readonly delayMs?: number | undefined
  /** Time after a trigger in which the entry always applies, without draw or cooldown, first in its group. In ms. Default 0. */
  readonly stickyMs?: number | undefined
}

/** Tracks when entries were triggered. */
export class EntryCooldown {
  readonly #clock: Clock
  readonly #triggered = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether the last trigger is less than `stickyMs` ago. */
  isSticky(key: string, { stickyMs = 0 }: TimedEffects): boolean {
    return this.#since(key) < stickyMs
  }

  /** Whether cooldown and delay of the last trigger are over. */
  isOffCooldown(key: string, effects: TimedEffects): boolean {
    const { cooldownMs = 0, delayMs = 0 } = effects
    return this.#since(key) >= Math.max(cooldownMs, delayMs)
  }

  /** Records a trigger. Does nothing while the entry is sticky, because its first trigger counts. */
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

import type { Clock, Timer } from '../../core/clock.ts'

/** What follows when the last reader leaves: `cancel` stops the run and saves it as partial, `finish` lets it end. */
export type DisconnectPolicy = 'cancel' | 'finish'

/** Dependencies of {@link Readers}. */
export interface ReadersOptions {
  readonly policy: DisconnectPolicy
  /** How long a run may have no reader, in ms. */
  readonly graceMs: number
  readonly clock: Clock
  /** Returns the number of readers in other processes. Absent if there can be none. */
  readonly countRemote: (() => Promise<number>) | undefined
  /** Called when the policy is `cancel` and the run has had no reader for `graceMs`. */
  readonly onAllLeft: () => void
}

/** Interval at which remote readers are counted while there is no local one. */
const REMOTE_CHECK_MS = 2_000

/** Counts the readers of a run, and applies the policy when the last one leaves. A run may start without a reader. */
export class Readers {
  readonly #options: ReadersOptions
  #count = 0
  #timer: Timer | undefined
  #isClosed = false

  constructor(options: ReadersOptions) {
    this.#options = options
  }

  /** Adds a reader of this process. Returns the function that removes it. */
  add(): () => void {
    this.#count++
    this.#options.clock.clearTimer(this.#timer)
    let isHere = true
    return () => {
      if (isHere && --this.#count === 0) this.#onLastLeft()
      isHere = false
    }
  }

  close(): void {
    this.#isClosed = true
    this.#options.clock.clearTimer(this.#timer)
  }

  #onLastLeft(): void {
    const { policy, graceMs } = this.#options
    if (this.#isClosed || policy === 'finish') return
    if (graceMs > 0) this.#checkIn(graceMs)
    else this.#check()
  }

  #checkIn(delayMs: number): void {
    const { clock } = this.#options
    clock.clearTimer(this.#timer)
    this.#timer = clock.setTimer(() => this.#check(), delayMs)
  }

  #check(): void {
    const { countRemote, onAllLeft, graceMs } = this.#options
    if (countRemote === undefined) return onAllLeft()
    const onCount = (remote: number): void => {
      if (this.#isClosed || this.#count > 0) return
      if (remote > 0) this.#checkIn(Math.max(graceMs, REMOTE_CHECK_MS))
      else onAllLeft()
    }
    countRemote().then(onCount, () => onCount(0))
  }
}

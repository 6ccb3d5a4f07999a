import type { Clock, Timer } from '../../core/clock.ts'

/** `cancel` stops the upstream, and saves what came; `finish` goes on to the end without readers. */
export type DisconnectPolicy = 'cancel' | 'finish'

export interface ReadersOptions {
  readonly policy: DisconnectPolicy
  /** How long nobody may be there, in milliseconds. */
  readonly graceMs: number
  readonly clock: Clock
  /** How many follow from other processes. */
  readonly elsewhere: (() => Promise<number>) | undefined
  /** Nobody is there, and nobody is to be waited for. */
  readonly onGone: () => void
}

// With readers elsewhere, it is looked so often whether they are still there.
const LOOK_MS = 2_000

/** Who reads a run, and what follows when nobody does any more. Before the first has come, nobody is missed. */
export class Readers {
  readonly #options: ReadersOptions
  #readers = 0
  #timer: Timer | undefined
  #closed = false

  constructor(options: ReadersOptions) {
    this.#options = options
  }

  /** A reader in this process has come. Returns how it leaves. */
  join(): () => void {
    this.#readers++
    this.#options.clock.clearTimer(this.#timer)
    let here = true
    return () => {
      if (here && --this.#readers === 0) this.#left()
      here = false
    }
  }

  close(): void {
    this.#closed = true
    this.#options.clock.clearTimer(this.#timer)
  }

  #left(): void {
    const { policy, graceMs } = this.#options
    if (this.#closed || policy === 'finish') return
    if (graceMs > 0) this.#lookIn(graceMs)
    else this.#look()
  }

  #lookIn(delayMs: number): void {
    const { clock } = this.#options
    clock.clearTimer(this.#timer)
    this.#timer = clock.setTimer(() => this.#look(), delayMs)
  }

  #look(): void {
    const { elsewhere, onGone, graceMs } = this.#options
    if (elsewhere === undefined) return onGone()
    const counted = (others: number): void => {
      if (this.#closed || this.#readers > 0) return
      if (others > 0) this.#lookIn(Math.max(graceMs, LOOK_MS))
      else onGone()
    }
    elsewhere().then(counted, () => counted(0))
  }
}

/** A maximum rate of messages: `messages` per `perMs`, in a sliding window. */
export interface ThrottleOptions {
  /** Maximum number of messages in one window; 1 or more. */
  readonly messages: number
  /** Length of the window in ms; above 0. */
  readonly perMs: number
}

/** Counts messages in a sliding window. Without options it never delays. */
export class Throttle {
  readonly #options: ThrottleOptions | undefined
  #sent: number[] = []

  constructor(options: ThrottleOptions | undefined) {
    this.#options = options
  }

  /** Returns how long the next message has to wait, in ms. */
  waitMs(now: number): number {
    if (this.#options === undefined) return 0
    const { messages, perMs } = this.#options
    this.#sent = this.#sent.filter((at) => now - at < perMs)
    const oldest = this.#sent.at(-messages)
    return oldest === undefined ? 0 : oldest + perMs - now
  }

  /** Counts a message. */
  add(now: number): void {
    if (this.#options !== undefined) this.#sent.push(now)
  }
}

/** So many messages in so long. */
export interface ThrottleOptions {
  /** Messages of one window. */
  readonly messages: number
  /** Length of the window, in milliseconds. */
  readonly perMs: number
}

/** Counts in a sliding window. Nothing is ever refused, only told how long to wait. */
export class Throttle {
  readonly #options: ThrottleOptions | undefined
  #sent: number[] = []

  constructor(options: ThrottleOptions | undefined) {
    this.#options = options
  }

  /** How long the next message has to wait, in milliseconds. */
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

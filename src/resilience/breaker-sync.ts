/** A breaker that has opened. */
export interface BreakerOpening {
  readonly target: string
  /** How long the breaker stays open from now on, in ms. */
  readonly openMs: number
  /** What opened it, if known: the kind of the last error, or `slow`. */
  readonly reason?: string | undefined
}

/**
 * Shares opened breakers between processes, so that no process calls a target that fails for another. Every process probes
 * and closes its own breakers.
 */
export interface BreakerSync {
  /** Publishes an opened breaker. Returns at once and never throws; if publishing fails, the other processes keep calling the target. */
  publish(opening: BreakerOpening): void
  /**
   * Calls `listener` with every breaker that another process opens, and with those that are already open. Returns a function
   * that removes it.
   */
  subscribe(listener: (opening: BreakerOpening) => void): () => void
  /** Closes the connections that this sync opened. */
  close(): Promise<void>
}

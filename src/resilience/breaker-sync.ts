/** A breaker that has opened. */
export interface BreakerOpening {
  readonly target: string
  /** How long it stays open, from now on. */
  readonly openMs: number
  /** What opened it, where that is known: the kind of the last fault, or `slow`. */
  readonly reason?: string | undefined
}

/**
 * Shares opened breakers between processes, so that a target that fails for one of them is not called by the others.
 * Every process probes and closes its own breakers.
 */
export interface BreakerSync {
  /** Publishes an opened breaker. Returns at once and never throws; if publishing fails, only this process observes it. */
  publish(opening: BreakerOpening): void
  /**
   * Calls `listener` for every breaker that another process opens, also for those that are open already. Returns a
   * function that ends the subscription.
   */
  subscribe(listener: (opening: BreakerOpening) => void): () => void
  /** Closes connections that it opened itself. */
  close(): Promise<void>
}

/** A breaker that has opened. */
export interface BreakerOpening {
  readonly target: string
  /** How long it stays open, from now on. */
  readonly openMs: number
  /** What opened it, where that is known: the kind of the last fault, or `slow`. */
  readonly reason?: string | undefined
}

/**
 * Tells other processes of breakers that opened here, and hears of theirs: a target that fails for one of them need
 * not fail for each. Every process probes and closes for itself.
 */
export interface BreakerSync {
  /** Returns at once and never throws: what cannot be told stays known to this process alone. */
  publish(trip: BreakerOpening): void
  /** Hears of every trip of another process, also of those that are open already. Returns what ends it. */
  subscribe(listener: (trip: BreakerOpening) => void): () => void
  /** Releases connections that it opened itself. */
  close(): Promise<void>
}

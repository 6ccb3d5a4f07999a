/** A target or a key that a provider wants left alone for a while. */
export interface Cooldown {
  /** `provider/model`, `provider/model#2` with the third of several keys, or `provider#2`: that key for all models. No secret. */
  readonly subject: string
  /** For how long, from now on. */
  readonly cooldownMs: number
  /** The kind of the error that asked for it. */
  readonly reason?: string | undefined
}

/** Shares cooldowns between processes, so that one 429 is enough for all of them. */
export interface CooldownSync {
  /** Publishes a cooldown to the other processes. Returns at once and never throws; if publishing fails, only this process observes it. */
  publish(cooldown: Cooldown): void
  /**
   * Calls `listener` for every cooldown of another process, also for those that began before. Returns a function that
   * ends the subscription.
   */
  subscribe(listener: (cooldown: Cooldown) => void): () => void
  /** Closes connections that it opened itself. */
  close(): Promise<void>
}

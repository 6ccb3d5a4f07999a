/** A target or a key that a provider wants left alone for a while. */
export interface Cooldown {
  /** `provider/model`, `provider/model#2` with the third of several keys, or `provider#2`: that key for all models. No secret. */
  readonly subject: string
  /** For how long, from now on. */
  readonly cooldownMs: number
  /** The kind of the error that asked for it. */
  readonly reason?: string | undefined
}

/** Tells other processes what a provider has limited here, and hears of what they met: one 429 is enough for all. */
export interface CooldownSync {
  /** Returns at once and never throws: what cannot be told stays known to this process alone. */
  publish(rest: Cooldown): void
  /** Hears of every rest that another process met, also of those that still hold. Returns what ends it. */
  subscribe(listener: (rest: Cooldown) => void): () => void
  /** Releases connections that it opened itself. */
  close(): Promise<void>
}

/** How many calls may be in flight at once, over all processes, that count to one key: `total`, `provider/openai`. */
export interface SlotCap {
  readonly key: string
  /** A whole number of 1 or more. */
  readonly limit: number
}

/** One slot of every cap. It is kept alive while its process lives, and falls free by itself where that has crashed. */
export interface SlotLease {
  readonly taken: true
  /** The call is over. What comes after the first does nothing. */
  release(): void
}

/** Nothing was taken. */
export interface SlotRefusal {
  readonly taken: false
  /** Slots in use, cap by cap. */
  readonly used: readonly number[]
}

/** In-flight caps that hold over many processes. Who waits, and in which order, is the business of each. */
export interface SlotStore {
  /** Takes a slot of every cap, or of none. Rejects where they cannot be counted, and may not be taken uncounted. */
  take(caps: readonly SlotCap[]): Promise<SlotLease | SlotRefusal>
  /** Hears when slots may have become free anywhere. Returns what ends it. */
  onFree(listener: () => void): () => void
  close(): Promise<void>
}

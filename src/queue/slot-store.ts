/** Maximum number of calls in flight over all processes under one key, such as `total` or `provider/openai`. */
export interface SlotCap {
  readonly key: string
  /** A whole number of 1 or more. */
  readonly limit: number
}

/** One slot of every cap. The store renews it while the process lives; after a crash it expires. */
export interface SlotLease {
  readonly taken: true
  /** Releases the slots. Only the first call has an effect. */
  release(): void
}

/** No slot was taken. */
export interface SlotRefusal {
  readonly taken: false
  /** Slots in use of each cap. */
  readonly used: readonly number[]
}

/** Counts calls in flight over many processes. Each process orders its own waiting calls. */
export interface SlotStore {
  /** Takes a slot of every cap, or none. Rejects if the slots cannot be counted and the store fails closed. */
  take(caps: readonly SlotCap[]): Promise<SlotLease | SlotRefusal>
  /** Calls `listener` when slots may be free in any process. Returns a function that stops it. */
  onFree(listener: () => void): () => void
  close(): Promise<void>
}

import type { LlmError } from '../../core/error.ts'
import type { ResumeLimits } from './options.ts'

// Bounds how often the server may accept a connection and send no frame over it.
const MAX_EMPTY_CONNECTIONS = 10

/** Counts failed connections of one answer and decides whether and when to connect again. */
export class ReconnectPolicy {
  /** Number of the current attempt; 0 while connected. */
  attempt = 0
  readonly #limits: ResumeLimits
  #emptyConnections = 0

  constructor(limits: ResumeLimits) {
    this.#limits = limits
  }

  onConnected(): void {
    this.attempt = 0
    this.#emptyConnections++
  }

  onFrames(): void {
    this.#emptyConnections = 0
  }

  /** Counts a failure. Returns the delay of the next attempt in ms, or `undefined` if the limits allow none. */
  next({ retryAfterMs = 0 }: LlmError): number | undefined {
    const { retries, stepMs, maxRetryAfterMs } = this.#limits
    const isExhausted = this.attempt >= retries || this.#emptyConnections > MAX_EMPTY_CONNECTIONS
    if (isExhausted || retryAfterMs > maxRetryAfterMs) return undefined
    return Math.max(stepMs * ++this.attempt, retryAfterMs)
  }
}

import type { LlmError } from './error.ts'
import type { EventBatch } from './event.ts'
import type { Attempt, ChatResponse, Usage } from './response.ts'

/** A provider response whose first content has arrived but has not yet been delivered to the caller. */
export interface ResponseStream {
  readonly provider: string
  readonly model: string
  /** All attempts so far, in order; the last is this one. */
  readonly attempts: readonly Attempt[]
  /** Resolves to the next batch, `null` after the last. Rejects with the `LlmError` that ended the stream, with `partial`. */
  read(): Promise<EventBatch | null>
  /** Ends the exchange and closes the upstream connection. Does nothing after the end. */
  cancel(reason?: unknown): void
  /** Calls `action` once when the response ends, with its error if it failed; at once if it has ended. */
  onEnd(action: (error?: LlmError) => void): void
  /** Usage as reported so far, else estimated. */
  usage(): Usage
  /** Whether the response arrived as a whole: `snapshot` is complete without reading. */
  readonly isWhole?: boolean | undefined
  /** The response as far as it was read, with these attempts. */
  snapshot(attempts?: readonly Attempt[]): ChatResponse
}

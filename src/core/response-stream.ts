import type { LlmError } from './error.ts'
import type { EventBatch } from './event.ts'
import type { Attempt, ChatResponse, Usage } from './response.ts'

/** An answer from its commit point on: the first content is ready, nothing was given to the caller yet. */
export interface ResponseStream {
  readonly provider: string
  readonly model: string
  /** Every try so far, in order; the last is this one. */
  readonly attempts: readonly Attempt[]
  /** The next batch; `null` after the last. Rejects with the `LlmError` that ended the stream, `partial` included. */
  read(): Promise<EventBatch | null>
  /** Ends the exchange; the upstream connection closes. Does nothing after the end. */
  cancel(reason?: unknown): void
  /** Runs `action` once, when the answer is over: with the error that ended it, or none. At once where it is over. */
  onEnd(action: (error?: LlmError) => void): void
  /** Tokens as reported so far, or estimated. */
  usage(): Usage
  /** True where the answer came whole: `snapshot` has all of it, and nobody needs to read. */
  readonly isWhole?: boolean | undefined
  /** The answer as far as it was read, with these tries. */
  snapshot(attempts?: readonly Attempt[]): ChatResponse
}

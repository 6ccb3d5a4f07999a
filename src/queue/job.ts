import type { AbortSources } from '../core/abort.ts'
import type { Priority } from './config.ts'

/** What the queue has to know of a call. */
export interface QueueJob extends AbortSources {
  /** By which the waiting call can be cancelled. */
  readonly requestId?: string | undefined
  /** Users take turns within a priority. Calls without one are one user together. */
  readonly user?: string | undefined
  /** For the caps per provider. */
  readonly provider?: string | undefined
  /** Default: `high` for a stream, `normal` for a whole answer. */
  readonly priority?: Priority | undefined
  readonly streaming?: boolean | undefined
  /** In place of the queue's `timeoutMs`. */
  readonly timeoutMs?: number | undefined
  /** Moment of the clock by which the call must have started: refused at once where that is not to be expected. */
  readonly deadlineAt?: number | undefined
}

/** Leave to run. Release it exactly once, when the call is over, its stream included; what comes after does nothing. */
export interface Slot {
  readonly requestId: string | undefined
  /** How long the call waited, in milliseconds. */
  readonly waitedMs: number
  /**
   * The call goes on at another provider: it counts there from now on, and no longer where it did. Resolves when that
   * provider's cap has room; rejects with what ended the call, or with `timeout` of phase `queue`.
   */
  move(provider: string | undefined): Promise<void>
  /** The call is over; `error` where it failed. The next one starts. */
  release(outcome?: { readonly error?: unknown }): void
}

/** How a call left the queue. */
export type QueueResult = 'completed' | 'failed' | 'timed-out' | 'cancelled' | 'aborted'

/** One call that is over. */
export interface QueueActivity {
  readonly requestId: string | undefined
  readonly user: string | undefined
  readonly provider: string | undefined
  readonly priority: Priority
  readonly streaming: boolean
  readonly waitedMs: number
  /** 0 where it never ran. */
  readonly ranMs: number
  readonly result: QueueResult
  /** The kind of the error that ended it, where it is an `LlmError`. */
  readonly error?: string | undefined
  /** When it ended, in milliseconds since 1970. */
  readonly at: number
}

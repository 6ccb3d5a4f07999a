import type { AbortSources } from '../core/abort.ts'
import type { Priority } from './config.ts'

/** What the queue needs to know of a call. */
export interface QueueJob extends AbortSources {
  /** Id by which the waiting call can be cancelled. */
  readonly requestId?: string | undefined
  /** Users are served in rotation within a priority. Calls without a user count as one user. */
  readonly user?: string | undefined
  /** What tells users apart, if `user` alone does not, as with users of several tenants. Default: `user`. */
  readonly userKey?: string | undefined
  /** Provider that the call counts for. */
  readonly provider?: string | undefined
  /** Default: `high` for a stream, `normal` for a whole response. */
  readonly priority?: Priority | undefined
  readonly streaming?: boolean | undefined
  /** What the call is for, such as `tool`. Absent: the request of a caller. */
  readonly purpose?: string | undefined
  /**
   * `ahead`: the call goes before all others that wait. `behind`: it goes after all others, and no call is refused because it
   * waits. `maxPending` and `timeoutMs` bound neither. Default: the place of its priority.
   */
  readonly place?: 'ahead' | 'behind' | undefined
  /** Overrides the queue's `timeoutMs`. */
  readonly timeoutMs?: number | undefined
  /** Latest start of the call, as a time of the clock. The call is rejected at once if the estimated wait is longer. */
  readonly deadlineAt?: number | undefined
}

/** Permission to run. Release it when the call has ended, its stream included; only the first release has an effect. */
export interface Slot {
  readonly requestId: string | undefined
  /** How long the call waited, in ms. */
  readonly waitedMs: number
  /**
   * Moves the call to another provider's limit. Resolves when that limit has room. Rejects with what ended the call, or
   * with `timeout` of phase `queue`.
   */
  move(provider: string | undefined): Promise<void>
  /** Ends the call, with `error` if it failed. The next call starts. */
  release(outcome?: { readonly error?: unknown }): void
}

/** How a call left the queue. */
export type QueueResult = 'completed' | 'failed' | 'timed-out' | 'cancelled' | 'aborted'

/** A call that has ended. */
export interface QueueActivity {
  readonly requestId: string | undefined
  readonly user: string | undefined
  readonly provider: string | undefined
  readonly priority: Priority
  readonly streaming: boolean
  readonly purpose?: string | undefined
  readonly waitedMs: number
  /** Run time in ms; 0 if the call never ran. */
  readonly ranMs: number
  readonly result: QueueResult
  /** Kind of the error that ended the call, if it is an `LlmError`. */
  readonly error?: string | undefined
  /** When the call ended, in ms since 1970. */
  readonly at: number
}

/** The key of a job's user in rotation and limits; empty without a user. */
export function userKeyOf({ user = '', userKey = user }: Pick<QueueJob, 'user' | 'userKey'>): string {
  return userKey
}

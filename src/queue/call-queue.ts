import type { Clock } from '../core/clock.ts'
import type { LlmError } from '../core/error.ts'
import type { Priority, QueueConfig } from './config.ts'
import type { QueueActivity, QueueJob, Slot } from './job.ts'
import type { QueueCounts } from './queue-stats.ts'

/** An event of the queue. */
export type QueueEvent =
  | {
      readonly type: 'queued'
      readonly job: QueueJob
      readonly pending: number
      readonly estimatedWaitMs?: number | undefined
    }
  | { readonly type: 'started'; readonly job: QueueJob; readonly waitedMs: number; readonly running: number }
  | { readonly type: 'refused'; readonly job: QueueJob; readonly pending: number; readonly error: LlmError }
  | { readonly type: 'over'; readonly activity: QueueActivity }

export interface QueueOptions {
  readonly queue?: QueueConfig | undefined
  readonly clock?: Clock | undefined
  /** Called with every event. Must not throw. */
  readonly observe?: ((event: QueueEvent) => void) | undefined
}

/** A running call, which holds a slot. */
export interface RunningCall {
  readonly requestId: string | undefined
  readonly user: string | undefined
  readonly provider: string | undefined
  readonly priority: Priority
  readonly streaming: boolean
  /** What the call is for, if it is made within another one: `tool`, `judge`, `title`. */
  readonly purpose?: string | undefined
  readonly ranMs: number
}

/** The current state of the queue. */
export interface QueueStatus extends QueueCounts {
  readonly pending: number
  readonly pendingByPriority: Readonly<Record<Priority, number>>
  readonly running: number
  readonly concurrency: number
  readonly maxPending: number
  /** Wait of the oldest waiting call in ms; 0 if no call waits. */
  readonly oldestWaitMs: number
  /** Mean run time of recent calls in ms. */
  readonly meanRunMs?: number | undefined
  /** Estimated wait in ms for a new call of normal priority. Unknown before the first call has ended. */
  readonly estimatedWaitMs?: number | undefined
  readonly paused: boolean
  readonly closed: boolean
}

/** Runs a bounded number of calls at once; the others wait by priority, in rotation among users. */
export interface CallQueue {
  /**
   * Resolves to a slot when the call may run; the caller must release it. Rejects with `queue-full`, `timeout` of phase
   * `queue`, or `aborted`; such a call never runs.
   */
  acquire(job?: QueueJob): Promise<Slot>
  /** Returns a slot, or `undefined` if the call would have to wait or be rejected. Always `undefined` with `slots`. */
  tryAcquire(job?: QueueJob): Slot | undefined
  /** Runs `work` in a slot and returns its result. */
  run<Result>(job: QueueJob, work: (slot: Slot) => Result | PromiseLike<Result>): Promise<Result>
  /** Rejects waiting calls with this request id. Returns whether there were any. Running calls continue. */
  cancel(requestId: string): boolean
  /** Rejects all waiting calls. Returns their number. */
  clear(): number
  /** Starts no more calls until `resume()`. */
  pause(): void
  resume(): void
  /** Resolves when no call runs or waits. New calls are still accepted. */
  drain(): Promise<void>
  /** Rejects new and waiting calls. Resolves when no call runs. */
  close(): Promise<void>
  status(): QueueStatus
  /** Returns the running calls, the oldest first. */
  running(): RunningCall[]
  /** Returns the latest calls, the last to end first. `limit` is 50 by default, at most 200. */
  activity(limit?: number): QueueActivity[]
  /** Returns the estimated wait in ms of a call that arrives now. Unknown before the first call has ended. */
  estimateWaitMs(job?: QueueJob): number | undefined
}

import type { Clock } from '../core/clock.ts'
import type { LlmError } from '../core/error.ts'
import type { Priority, QueueConfig } from './config.ts'
import type { QueueActivity, QueueJob, Slot } from './job.ts'
import type { QueueCounts } from './queue-stats.ts'

/** What happened, with the numbers behind it. */
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
  /** Told what happens. Must not throw. */
  readonly observe?: ((event: QueueEvent) => void) | undefined
}

/** A running call: who holds a slot, and for how long. */
export interface RunningCall {
  readonly requestId: string | undefined
  readonly user: string | undefined
  readonly provider: string | undefined
  readonly priority: Priority
  readonly streaming: boolean
  readonly ranMs: number
}

/** The queue, now. */
export interface QueueStatus extends QueueCounts {
  readonly pending: number
  readonly pendingByPriority: Readonly<Record<Priority, number>>
  readonly running: number
  readonly concurrency: number
  readonly maxPending: number
  /** How long the longest-waiting call has waited, in milliseconds; 0 where none waits. */
  readonly oldestWaitMs: number
  /** Of recent calls. */
  readonly meanRunMs?: number | undefined
  /** What a call of normal priority would wait that came now. Unknown before the first call has ended. */
  readonly estimatedWaitMs?: number | undefined
  readonly paused: boolean
  readonly closed: boolean
}

/** Lets a bounded number of calls run at once, and the others wait in a fair order. */
export interface CallQueue {
  /**
   * Resolves when the call may run; it holds the slot until it releases it. Rejects with `queue-full`, `timeout` of
   * phase `queue`, `aborted`, or what ended the wait: such a call never runs.
   */
  acquire(job?: QueueJob): Promise<Slot>
  /** A slot at once, or `undefined` where the call would have to wait, or be refused. With `slots` there is none at once. */
  tryAcquire(job?: QueueJob): Slot | undefined
  /** Runs `work` in a slot and gives what it gives. */
  run<Result>(job: QueueJob, work: (slot: Slot) => Result | PromiseLike<Result>): Promise<Result>
  /** Takes waiting calls with this request id out; false where none waits. Running calls go on. */
  cancel(requestId: string): boolean
  /** Takes all waiting calls out. How many there were. */
  clear(): number
  /** Starts no more calls until `resume`. */
  pause(): void
  resume(): void
  /** Resolves when nothing runs and nothing waits. New calls are still taken. */
  drain(): Promise<void>
  /** Refuses new calls and takes the waiting ones out; resolves when no call runs. */
  close(): Promise<void>
  status(): QueueStatus
  /** Who holds a slot, the oldest first. */
  running(): RunningCall[]
  /** The latest calls, the last to end first: 50 unless told otherwise, 200 at most. */
  activity(limit?: number): QueueActivity[]
  /** What a call would wait that came now, in milliseconds. Unknown before the first call has ended. */
  estimateWaitMs(job?: QueueJob): number | undefined
}

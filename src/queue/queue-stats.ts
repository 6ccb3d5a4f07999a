import type { QueueActivity, QueueResult } from './job.ts'

const KEPT = 200
const LEARNING_RATE = 0.1

/** Numbers of calls by result since the queue was created. */
export interface QueueCounts {
  /** Calls that ran and ended, failed ones included. */
  readonly processed: number
  readonly failed: number
  /** Calls rejected with `queue-full`. */
  readonly rejected: number
  readonly timedOut: number
  /** Calls removed by `cancel`, `clear` or `close` while they waited. */
  readonly cancelled: number
  /** Calls aborted by their callers while they waited. */
  readonly aborted: number
}

/** Counts results, and keeps the mean run time and the latest 200 calls. */
export class QueueStats {
  readonly #latest: QueueActivity[] = []
  readonly #results: Record<QueueResult, number> = {
    completed: 0,
    failed: 0,
    'timed-out': 0,
    cancelled: 0,
    aborted: 0,
  }
  #next = 0
  #meanRunMs: number | undefined
  rejected = 0

  get counts(): QueueCounts {
    const { completed, failed, cancelled, aborted } = this.#results
    const timedOut = this.#results['timed-out']
    return { processed: completed + failed, failed, rejected: this.rejected, timedOut, cancelled, aborted }
  }

  /** Moving average in ms; `undefined` before the first call has ended. */
  get meanRunMs(): number | undefined {
    return this.#meanRunMs
  }

  add(activity: QueueActivity): void {
    const { result, ranMs } = activity
    this.#results[result]++
    this.#latest[this.#next] = activity
    this.#next = (this.#next + 1) % KEPT
    if (result !== 'completed' && result !== 'failed') return
    this.#meanRunMs =
      this.#meanRunMs === undefined ? ranMs : this.#meanRunMs + (ranMs - this.#meanRunMs) * LEARNING_RATE
  }

  /** Returns the latest calls, the last to end first. */
  latest(limit: number): QueueActivity[] {
    const inOrder = [...this.#latest.slice(this.#next), ...this.#latest.slice(0, this.#next)]
    return inOrder.toReversed().slice(0, limit)
  }
}

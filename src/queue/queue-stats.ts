import type { QueueActivity, QueueResult } from './job.ts'

const KEPT = 200
const LEARNING_RATE = 0.1

/** How many calls ended in which way, since the queue was made. */
export interface QueueCounts {
  /** Calls that ran to an end, failed ones included. */
  readonly processed: number
  readonly failed: number
  /** Refused at the door. */
  readonly rejected: number
  readonly timedOut: number
  /** Taken out by `cancel`, `clear` or `close`. */
  readonly cancelled: number
  /** Given up by their callers while they waited. */
  readonly aborted: number
}

/** What the queue remembers: counts, the mean run time, and the latest calls. */
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

  /** Of recent calls; none before the first has ended. */
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

  /** The latest calls, the last to end first. */
  latest(limit: number): QueueActivity[] {
    const inOrder = [...this.#latest.slice(this.#next), ...this.#latest.slice(0, this.#next)]
    return inOrder.toReversed().slice(0, limit)
  }
}

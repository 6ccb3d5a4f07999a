import PQueue, { type Queue, type QueueAddOptions, type RunFunction } from 'p-queue'

/** What the adapter needs of the queue. */
export interface SlotRunnerParts {
  readonly concurrency: number
  /** Returns the number of waiting calls that could start now if a slot were free. */
  readonly ready: () => number
  /** Starts the next call. Resolves when it has ended; returns `undefined` if none could start. */
  readonly start: () => Promise<void> | undefined
}

/** A p-queue that counts the running calls, while our scheduler decides which call is next. */
export type SlotRunner = PQueue<Queue<RunFunction, QueueAddOptions>>

/**
 * Creates a p-queue with a single task that starts the next call, and that p-queue runs again for every call. One task
 * for each call would take most of the memory of a waiting call. p-queue looks for the next call when one has ended, and
 * when its `concurrency` is set.
 */
export function createSlotRunner({ concurrency, ready, start }: SlotRunnerParts): SlotRunner {
  let next: RunFunction | undefined
  class SchedulerQueue implements Queue<RunFunction, QueueAddOptions> {
    get size(): number {
      return next === undefined ? 0 : ready()
    }

    enqueue(run: RunFunction): void {
      next = run
    }

    dequeue(): RunFunction | undefined {
      return next
    }

    // p-queue calls the following for `sizeBy`, `setPriority` and abort signals, which the queue does not use.
    filter(): RunFunction[] {
      return []
    }

    setPriority(): void {}

    remove(): void {}
  }
  const runner: SlotRunner = new QuietQueue({ concurrency, queueClass: SchedulerQueue })
  void runner.add(start)
  return runner
}

/** Event dispatch is disabled for speed, because there are no listeners. */
class QuietQueue extends PQueue<Queue<RunFunction, QueueAddOptions>> {
  override dispatchEvent(): boolean {
    return true
  }
}

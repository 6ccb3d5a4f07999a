import PQueue, { type Queue, type QueueAddOptions, type RunFunction } from 'p-queue'

/** What stands before the gate. */
export interface SlotRunnerParts {
  readonly concurrency: number
  /** Calls that may start, if there was a slot. */
  readonly ready: () => number
  /** Starts the next of them. Resolves when it is over, or at once where it could not start. */
  readonly start: () => Promise<void> | undefined
}

/** p-queue with our line as its queue class: it counts how many calls run, the line says which is next. */
export type SlotRunner = PQueue<Queue<RunFunction, QueueAddOptions>>

/**
 * Opens a gate. p-queue is given one task, once, which starts whoever is next, and runs it again for every call: a task
 * for each would be most of what a waiting call holds. It looks for the next one when a call has ended, and whenever its
 * `concurrency` is set.
 */
export function createSlotRunner({ concurrency, ready, start }: SlotRunnerParts): SlotRunner {
  let next: RunFunction | undefined
  class LineQueue implements Queue<RunFunction, QueueAddOptions> {
    get size(): number {
      return next === undefined ? 0 : ready()
    }

    enqueue(run: RunFunction): void {
      next = run
    }

    dequeue(): RunFunction | undefined {
      return next
    }

    // What follows p-queue needs for `sizeBy`, `setPriority` and abort signals; nobody asks the gate for them.
    filter(): RunFunction[] {
      return []
    }

    setPriority(): void {}

    remove(): void {}
  }
  const gate: SlotRunner = new QuietQueue({ concurrency, queueClass: LineQueue })
  void gate.add(start)
  return gate
}

/** Nobody listens to it: to dispatch its events is a good part of what p-queue costs. */
class QuietQueue extends PQueue<Queue<RunFunction, QueueAddOptions>> {
  override dispatchEvent(): boolean {
    return true
  }
}

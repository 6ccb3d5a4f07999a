import type { Queue, QueueAddOptions, RunFunction } from 'p-queue'
import type { Clock } from '../core/clock.ts'
import type { Line } from './line.ts'
import type { Ticket } from './ticket.ts'

/** What p-queue carries to our line with every call. */
export interface GateOptions extends QueueAddOptions {
  readonly ticket: Ticket
}

/** The order in which p-queue starts calls. */
export type GateQueue = Queue<RunFunction, GateOptions>

/** Our line as the queue class of p-queue, which then only counts how many calls run. */
export function gateQueueOver(line: Line, clock: Clock): new () => GateQueue {
  return class implements GateQueue {
    /** Only calls that may start: p-queue takes one out whenever this is above 0. */
    get size(): number {
      return line.ready
    }

    enqueue(run: RunFunction, options?: Partial<GateOptions>): void {
      const ticket = options?.ticket
      if (ticket === undefined) return
      ticket.enter = run
      line.add(ticket)
    }

    dequeue(): RunFunction | undefined {
      return line.next(clock.now())?.enter
    }

    // What follows p-queue needs for `sizeBy`, `setPriority` and abort signals; nobody asks the gate for them.
    filter(): RunFunction[] {
      return []
    }

    setPriority(): void {}

    remove(): void {}
  }
}

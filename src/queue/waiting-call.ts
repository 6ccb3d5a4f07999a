import type { LlmError } from '../core/error.ts'
import type { Heap, HeapItem } from '../core/heap.ts'
import { priorities, type Priority } from './config.ts'
import type { QueueJob, Slot } from './job.ts'

/** Whose turn it is: users are served by turn, the lowest first. */
export interface UserRotation {
  readonly id: string
  turn: number
  readonly lanes: Lane[]
}

/** One user over all priorities, where users have a cap. */
export interface UserConcurrency {
  readonly id: string
  running: number
  /** Other processes run all that this user may. */
  blocked: boolean
  readonly lanes: Set<Lane>
}

/** The waiting calls of one user, one priority and one group, in order of arrival. */
export interface Lane extends HeapItem {
  readonly user: UserRotation
  readonly shelf: PriorityQueue
  readonly person: UserConcurrency | undefined
  readonly age: LaneAge
  first: WaitingCall | undefined
  last: WaitingCall | undefined
  size: number
  /** Its user runs all that it may: nobody in it can be next. */
  held: boolean
}

/** A lane's place by the age of its first call. */
export interface LaneAge extends HeapItem {
  lane: Lane | undefined
}

/** The waiting calls of one priority in one group: whose turn it is, and who came first. */
export interface PriorityQueue {
  readonly group: Group
  readonly lanes: Heap<Lane>
  readonly ages: Heap<LaneAge>
}

/** Calls that share a cap: those of one provider, or all that have none. */
export interface Group {
  readonly cap: number
  readonly shelves: readonly PriorityQueue[]
  /** Calls that already run and want to go on here, in order. */
  readonly movers: Set<() => void>
  running: number
  waiting: number
  /** Of those waiting, how many stand in held lanes. */
  held: number
  /** Other processes run all that may run. */
  blocked: boolean
}

/** One call on its way through the queue. Its links are kept by the structures it stands in. */
export class WaitingCall implements HeapItem {
  readonly job: QueueJob
  readonly priority: Priority
  /** Place of the priority: 0 is the most urgent. */
  readonly level: number
  readonly seq: number
  readonly enqueuedAt: number
  readonly timeoutAt: number
  state: 'waiting' | 'running' | 'over' = 'waiting'
  resolve: (slot: Slot) => void = noop
  reject: (error: LlmError) => void = noop
  /** Takes the abort listener back. */
  unlink: () => void = noop

  /** In the heap of timeouts. */
  heapIndex = -1
  lane: Lane | undefined
  before: WaitingCall | undefined
  behind: WaitingCall | undefined
  /** It has never stood in the line. */
  atOnce = true
  /** Whose turn it took when it was let out of the line. */
  served: UserRotation | undefined
  /** Where it counts while it runs. */
  seat: Group | undefined
  /** Another waiting call with the same request id. */
  twin: WaitingCall | undefined

  constructor(job: QueueJob, seq: number, { now, timeoutMs }: { now: number; timeoutMs: number }) {
    this.job = job
    this.priority = priorityOf(job)
    this.level = priorities.indexOf(this.priority)
    this.seq = seq
    this.enqueuedAt = now
    const { deadlineAt = Infinity } = job
    this.timeoutAt = Math.min(timeoutMs > 0 ? now + timeoutMs : Infinity, deadlineAt)
  }
}

/** The priority of a call; streams are more urgent than whole answers unless told otherwise. */
export function priorityOf({ priority, streaming }: QueueJob): Priority {
  return priority ?? (streaming === true ? 'high' : 'normal')
}

function noop(): void {}

import type { LlmError } from '../core/error.ts'
import type { Heap, HeapItem } from '../core/heap.ts'
import { priorities, type Priority } from './config.ts'
import type { QueueJob, Slot } from './job.ts'

/** A user's place in the round-robin rotation of one priority. The lowest position is served first. */
export interface UserRotation {
  readonly id: string
  position: number
  readonly lanes: Lane[]
}

/** The running calls of one user over all priorities. Exists only if `perUser` is set. */
export interface UserConcurrency {
  readonly id: string
  running: number
  /** Whether the distributed slots report the user's limit as reached. */
  blocked: boolean
  readonly lanes: Set<Lane>
}

/** The waiting calls of one user, one priority and one group, in order of arrival. */
export interface Lane extends HeapItem {
  readonly rotation: UserRotation
  readonly queue: PriorityQueue
  readonly user: UserConcurrency | undefined
  readonly age: LaneAge
  first: WaitingCall | undefined
  last: WaitingCall | undefined
  size: number
  /** Whether the user is at its concurrency limit, so that none of its waiting calls is eligible. */
  suspended: boolean
}

/** A lane's entry in the heap that orders lanes by the arrival of their first call. */
export interface LaneAge extends HeapItem {
  lane: Lane | undefined
}

/** The lanes of one priority in one group: by rotation and by age. */
export interface PriorityQueue {
  readonly group: Group
  readonly lanes: Heap<Lane>
  readonly ages: Heap<LaneAge>
}

/** Number of levels: one for calls that go ahead, one for each priority, and one for calls that go behind. */
export const LEVELS: number = priorities.length + 2

/** Calls that share a concurrency limit: those of one provider, or all whose provider has no limit. */
export interface Group {
  readonly limit: number
  /** One for each level, the most urgent first. */
  readonly queues: readonly PriorityQueue[]
  /** Running calls that wait to move to this provider, in order. */
  readonly handovers: Set<() => void>
  running: number
  waiting: number
  /** Number of waiting calls in suspended lanes. */
  suspended: number
  /** Whether the distributed slots report the provider's limit as reached. */
  blocked: boolean
}

/** One call on its way through the queue. Lane, index and heap keep their links on it. */
export class WaitingCall implements HeapItem {
  readonly job: QueueJob
  readonly priority: Priority
  /** Place in the order: 0 goes before all priorities, then the priorities in theirs, and calls that go behind. */
  readonly level: number
  readonly seq: number
  readonly enqueuedAt: number
  readonly timeoutAt: number
  state: 'waiting' | 'running' | 'over' = 'waiting'
  resolve: (slot: Slot) => void = noop
  reject: (error: LlmError) => void = noop
  /** Called when the call stops waiting without a slot. */
  onDropped: () => void = noop
  /** Removes the abort listener. */
  removeListener: () => void = noop

  /** Index in the heap of timeouts. */
  heapIndex = -1
  lane: Lane | undefined
  previous: WaitingCall | undefined
  next: WaitingCall | undefined
  /** Whether the call was not yet reported as queued. */
  unreported = true
  /** The rotation that was advanced when the scheduler took the call out. */
  servedIn: UserRotation | undefined
  /** The group that counts the call while it runs. */
  runsIn: Group | undefined
  /** Another waiting call with the same request id. */
  sameRequest: WaitingCall | undefined

  constructor(job: QueueJob, seq: number, { now, timeoutMs }: { now: number; timeoutMs: number }) {
    this.job = job
    this.priority = priorityOf(job)
    this.level = levelOf(job)
    this.seq = seq
    this.enqueuedAt = now
    const { deadlineAt = Infinity, place } = job
    this.timeoutAt = Math.min(timeoutMs > 0 && place === undefined ? now + timeoutMs : Infinity, deadlineAt)
  }
}

/** Returns the level of a call. */
export function levelOf(job: QueueJob): number {
  if (job.place === 'behind') return LEVELS - 1
  return job.place === 'ahead' ? 0 : priorities.indexOf(priorityOf(job)) + 1
}

/** Returns the priority of a call. Default: `high` for a stream, `normal` for a whole response. */
export function priorityOf({ priority, streaming }: QueueJob): Priority {
  return priority ?? (streaming === true ? 'high' : 'normal')
}

function noop(): void {}

import { hasFreeSlot, type ConcurrencyLimits } from './concurrency-limits.ts'
import { userKeyOf } from './job.ts'
import { isAhead, suspend, insertCall, createLane, reposition, removeCall } from './user-lane.ts'
import { LEVELS, type Lane, type PriorityQueue, type WaitingCall, type UserRotation } from './waiting-call.ts'

/** One priority over all groups. */
interface PriorityLevel {
  readonly users: Map<string, UserRotation>
  sweep: Iterator<[string, UserRotation]>
  /**
   * Rotation position that was served last. A new user enters half a position behind it, so before all users that
   * were already served in this round.
   */
  position: number
  waiting: number
}

const SWEPT_PER_NEW_USER = 3

/**
 * Picks the call to run next: calls that go ahead, then the most urgent priority first, then calls that go behind. Within
 * each, users are in rotation, and the calls of one user FIFO. Calls
 * whose provider or user is at its limit are skipped. A call that has waited half of `agingMs` goes before more urgent
 * ones, but takes at most every second slot. Every step costs O(log n) in the number of users that wait.
 */
export class Scheduler {
  readonly #limits: ConcurrencyLimits
  readonly #agingMs: number
  readonly #levels: readonly PriorityLevel[]
  #agedLast = false

  constructor(limits: ConcurrencyLimits, agingMs: number) {
    this.#limits = limits
    this.#agingMs = agingMs
    this.#levels = Array.from({ length: LEVELS }, () => {
      const users = new Map<string, UserRotation>()
      return { users, sweep: users.entries(), position: 0, waiting: 0 }
    })
  }

  /** Number of waiting calls that could start now if a slot were free. */
  get ready(): number {
    let ready = 0
    for (const group of this.#limits.groups) if (hasFreeSlot(group)) ready += group.waiting - group.suspended
    return ready
  }

  get waiting(): number {
    return this.#levels.reduce((sum, { waiting }) => sum + waiting, 0)
  }

  /** Number of waiting calls by level: those that go ahead, then by priority, the most urgent first, then those that go behind. */
  get waitingPerLevel(): readonly number[] {
    return this.#levels.map(({ waiting }) => waiting)
  }

  /** Adds a waiting call. One that was taken out but could not start returns to its former place. */
  add(call: WaitingCall): void {
    const { job } = call
    const level = this.#level(call)
    const group = this.#limits.group(job.provider)
    const queue = group.queues[call.level] as PriorityQueue
    const rotation = this.#rotation(level, userKeyOf(job))
    if (call.servedIn === rotation) {
      rotation.position -= 1
      for (const lane of rotation.lanes) if (!lane.suspended) reposition(lane)
    }
    call.servedIn = undefined
    const known = rotation.lanes.find((lane) => lane.queue === queue)
    const lane = known ?? createLane(rotation, queue, this.#limits.user(job))
    if (known === undefined && lane.user !== undefined && this.#limits.isFull(lane.user)) suspend(lane)
    insertCall(call, lane)
    group.waiting++
    level.waiting++
  }

  /** Removes a call that will not run. */
  remove(call: WaitingCall): void {
    const { lane } = call
    if (lane === undefined) return
    removeCall(call, lane)
    this.#removed(call, lane)
  }

  /** Takes out the call that runs next. */
  next(now: number): WaitingCall | undefined {
    const regular = this.#mostUrgent()
    if (regular === undefined) return undefined
    const aged = this.#agedLast || regular.level === 0 ? undefined : this.#aged(regular.level, now)
    this.#agedLast = aged !== undefined
    const call = aged ?? regular
    const lane = call.lane as Lane
    const level = this.#level(call)
    const { rotation } = lane
    if (aged === undefined) level.position = Math.max(level.position, rotation.position)
    advance(call, rotation)
    removeCall(call, lane)
    for (const other of rotation.lanes) if (other !== lane && !other.suspended) reposition(other)
    this.#removed(call, lane)
    return call
  }

  /** Advances the rotation for a call that starts without waiting. */
  skipQueue(call: WaitingCall): void {
    this.#agedLast = false
    const level = this.#level(call)
    const rotation = this.#rotation(level, userKeyOf(call.job))
    level.position = Math.max(level.position, rotation.position)
    advance(call, rotation)
  }

  #mostUrgent(): WaitingCall | undefined {
    for (let level = 0; level < LEVELS; level++) {
      let best: Lane | undefined
      for (const group of this.#limits.groups) {
        const lane = hasFreeSlot(group) ? group.queues[level]?.lanes.peek() : undefined
        if (lane !== undefined && (best === undefined || isAhead(lane, best))) best = lane
      }
      if (best !== undefined) return best.first
    }
    return undefined
  }

  /** The call that has waited longest, if it is less urgent than `level` and has waited half of `agingMs`. */
  #aged(level: number, now: number): WaitingCall | undefined {
    if (this.#agingMs === 0) return undefined
    let aged: WaitingCall | undefined
    for (const group of this.#limits.groups) {
      if (!hasFreeSlot(group)) continue
      for (const { ages } of group.queues.slice(level + 1)) {
        const oldest = ages.peek()?.lane?.first
        if (oldest === undefined || now - oldest.enqueuedAt < this.#agingMs / 2) continue
        if (aged === undefined || oldest.seq < aged.seq) aged = oldest
      }
    }
    return aged
  }

  #removed(call: WaitingCall, { rotation, queue, user }: Lane): void {
    const level = this.#level(call)
    queue.group.waiting--
    level.waiting--
    if (isIdle(rotation, level)) level.users.delete(rotation.id)
    if (user !== undefined) this.#limits.forgetIdle(user)
  }

  #rotation(level: PriorityLevel, id: string): UserRotation {
    const known = level.users.get(id)
    const soonest = level.position + 0.5
    if (known !== undefined) {
      if (known.lanes.length === 0) known.position = Math.max(known.position, soonest)
      return known
    }
    forgetIdle(level)
    const rotation = { id, position: soonest, lanes: [] }
    level.users.set(id, rotation)
    return rotation
  }

  #level({ level }: WaitingCall): PriorityLevel {
    return this.#levels[level] as PriorityLevel
  }
}

function advance(call: WaitingCall, rotation: UserRotation): void {
  rotation.position += 1
  call.servedIn = rotation
}

/** Whether no call of the user waits and a new user would get the same position. */
function isIdle({ lanes, position }: UserRotation, level: PriorityLevel): boolean {
  return lanes.length === 0 && position <= level.position + 0.5
}

// Checks a few known users for every new one, so that idle ones are dropped as fast as new ones can arrive.
function forgetIdle(level: PriorityLevel): void {
  for (let swept = 0; swept < SWEPT_PER_NEW_USER; swept++) {
    const next = level.sweep.next()
    if (next.done === true) {
      level.sweep = level.users.entries()
      return
    }
    const [id, rotation] = next.value
    if (isIdle(rotation, level)) level.users.delete(id)
  }
}

import { rowOf } from '../core/json.ts'
import type { QueueSettings } from './config.ts'
import { userKeyOf, type QueueJob } from './job.ts'
import { createGroup, resume, suspend } from './user-lane.ts'
import type { Group, UserConcurrency, WaitingCall } from './waiting-call.ts'

/** Counts the running calls of each provider and each user, and suspends the lanes of users at their limit. */
export class ConcurrencyLimits {
  readonly #settings: QueueSettings
  readonly #groups: Map<string, Group> = new Map()
  readonly #users: Map<string, UserConcurrency> = new Map()

  constructor(settings: QueueSettings) {
    this.#settings = settings
  }

  get groups(): Iterable<Group> {
    return this.#groups.values()
  }

  /** Whether one more call of this provider and this user may run. */
  hasRoom(job: QueueJob): boolean {
    const known = this.#users.get(userKeyOf(job))
    return hasFreeSlot(this.group(job.provider)) && (known === undefined || !this.isFull(known))
  }

  /** The reached limits of this provider and this user, each with the number of calls that wait for it. */
  reached(job: QueueJob): readonly { readonly waiting: number; readonly limit: number }[] {
    const group = this.group(job.provider)
    const known = this.#users.get(userKeyOf(job))
    const limits = hasFreeSlot(group) ? [] : [{ waiting: group.waiting, limit: group.limit }]
    if (known === undefined || !this.isFull(known)) return limits
    const waiting = [...known.lanes].reduce((sum, { size }) => sum + size, 0)
    return [...limits, { waiting, limit: this.#settings.perUser }]
  }

  started(call: WaitingCall): void {
    call.runsIn = this.group(call.job.provider)
    call.runsIn.running++
    const user = this.user(call.job)
    if (user === undefined) return
    user.running++
    if (this.isFull(user)) for (const lane of user.lanes) suspend(lane)
  }

  ended(call: WaitingCall): void {
    this.releaseProvider(call)
    const user = this.#users.get(userKeyOf(call.job))
    if (user === undefined) return
    user.running--
    this.#resume(user)
  }

  /** Stops counting a running call for its provider. */
  releaseProvider(call: WaitingCall): void {
    const group = call.runsIn
    call.runsIn = undefined
    if (group === undefined) return
    group.running--
    startHandovers(group)
  }

  /**
   * Counts a running call for another provider, now or when its limit has room, and then calls `entered`. Returns a
   * function that gives up waiting.
   */
  acquireProvider(call: WaitingCall, provider: string | undefined, entered: () => void): () => void {
    const group = this.group(provider)
    const enter = (): void => {
      call.runsIn = group
      group.running++
      entered()
    }
    if (hasFreeSlot(group) && group.handovers.size === 0) enter()
    else group.handovers.add(enter)
    return () => void group.handovers.delete(enter)
  }

  /** Treats the limit of this call's provider or user as reached, because other processes use it up. Returns the undo. */
  block({ job }: WaitingCall, what: 'provider' | 'user'): () => void {
    if (what === 'provider') {
      const group = this.group(job.provider)
      group.blocked = true
      return () => {
        group.blocked = false
        startHandovers(group)
      }
    }
    const user = this.user(job)
    if (user === undefined) return () => undefined
    user.blocked = true
    for (const lane of user.lanes) suspend(lane)
    return () => {
      user.blocked = false
      this.#resume(user)
    }
  }

  group(provider: string | undefined): Group {
    const limit = providerLimit(this.#settings, provider)
    const name = limit === undefined ? '' : (provider ?? '')
    const known = this.#groups.get(name)
    if (known !== undefined) return known
    const group = createGroup(limit ?? Infinity)
    this.#groups.set(name, group)
    return group
  }

  /** Returns `undefined` if users have no limit or the call has no user. */
  user(job: QueueJob): UserConcurrency | undefined {
    const id = userKeyOf(job)
    if (this.#settings.perUser === Infinity || id === '') return undefined
    let user = this.#users.get(id)
    if (user === undefined) this.#users.set(id, (user = { id, running: 0, blocked: false, lanes: new Set() }))
    return user
  }

  isFull({ running, blocked }: UserConcurrency): boolean {
    return blocked || running >= this.#settings.perUser
  }

  /** Drops a user without running or waiting calls. */
  forgetIdle({ id, running, blocked, lanes }: UserConcurrency): void {
    if (running === 0 && !blocked && lanes.size === 0) this.#users.delete(id)
  }

  #resume(user: UserConcurrency): void {
    if (!this.isFull(user)) for (const lane of user.lanes) resume(lane)
    this.forgetIdle(user)
  }
}

/** Returns the concurrency limit of a provider, or `undefined` if it has none. */
export function providerLimit(
  { perProvider }: QueueSettings,
  provider: string | undefined,
): number | undefined {
  if (provider === undefined) return undefined
  return typeof perProvider === 'number' ? perProvider : rowOf(perProvider, provider)
}

/** Whether one more call of the group may run. */
export function hasFreeSlot({ running, limit, blocked }: Group): boolean {
  return running < limit && !blocked
}

function startHandovers(group: Group): void {
  for (const enter of group.handovers) {
    if (!hasFreeSlot(group)) return
    group.handovers.delete(enter)
    enter()
  }
}

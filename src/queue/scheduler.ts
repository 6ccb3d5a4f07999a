import { priorities, type QueueSettings } from './config.ts'
import { isAhead, suspend, resume, link, createGroup, createLane, reposition, unlink } from './user-lane.ts'
import type {
  Group,
  Lane,
  UserConcurrency,
  PriorityQueue,
  WaitingCall,
  UserRotation,
} from './waiting-call.ts'

/** One priority over all groups. */
interface PriorityLevel {
  readonly users: Map<string, UserRotation>
  sweep: Iterator<[string, UserRotation]>
  /** The turn that was served last: newcomers come half a turn behind it, so before everyone who was served in it. */
  turn: number
  waiting: number
}

const SWEPT_PER_NEW_USER = 3

/**
 * Who runs next: the most urgent priority first; in it, users by turns; of one user, the first to come. Calls of a
 * provider or a user that runs all it may are passed over. A call that has waited for long goes before more urgent ones,
 * but takes every second slot at most. Every step costs O(log n) of the users that wait.
 */
export class Scheduler {
  readonly #settings: QueueSettings
  readonly #groups: Map<string, Group> = new Map()
  readonly #levels: readonly PriorityLevel[]
  readonly #people: Map<string, UserConcurrency> = new Map()
  #agedLast = false

  constructor(settings: QueueSettings) {
    this.#settings = settings
    this.#levels = priorities.map(() => {
      const users = new Map<string, UserRotation>()
      return { users, sweep: users.entries(), turn: 0, waiting: 0 }
    })
  }

  /** Waiting calls that could run if there was a slot. */
  get ready(): number {
    let ready = 0
    for (const group of this.#groups.values()) if (isFree(group)) ready += group.waiting - group.held
    return ready
  }

  get waiting(): number {
    return this.#levels.reduce((sum, { waiting }) => sum + waiting, 0)
  }

  /** Waiting calls by priority, the most urgent first. */
  get waitingPerLevel(): readonly number[] {
    return this.#levels.map(({ waiting }) => waiting)
  }

  /** May one more call of this provider and this user run? */
  hasRoom({ job }: Pick<WaitingCall, 'job'>): boolean {
    const person = this.#people.get(job.user ?? '')
    return isFree(this.#group(job.provider)) && (person === undefined || !this.#isFull(person))
  }

  /** The caps of this provider and this user that are full: how many calls wait for each, and how many may run at once. */
  fullCaps({ job }: Pick<WaitingCall, 'job'>): readonly { readonly waiting: number; readonly cap: number }[] {
    const group = this.#group(job.provider)
    const person = this.#people.get(job.user ?? '')
    const caps = isFree(group) ? [] : [{ waiting: group.waiting, cap: group.cap }]
    if (person === undefined || !this.#isFull(person)) return caps
    const waiting = [...person.lanes].reduce((sum, { size }) => sum + size, 0)
    return [...caps, { waiting, cap: this.#settings.perUser }]
  }

  started(ticket: WaitingCall): void {
    ticket.seat = this.#group(ticket.job.provider)
    ticket.seat.running++
    const person = this.#person(ticket.job.user)
    if (person === undefined) return
    person.running++
    if (this.#isFull(person)) for (const lane of person.lanes) suspend(lane)
  }

  ended(ticket: WaitingCall): void {
    this.leaveSeat(ticket)
    const person = this.#people.get(ticket.job.user ?? '')
    if (person === undefined) return
    person.running--
    this.#open(person)
  }

  /** The call counts for no provider from now on. */
  leaveSeat(ticket: WaitingCall): void {
    const { seat } = ticket
    ticket.seat = undefined
    if (seat === undefined) return
    seat.running--
    letMove(seat)
  }

  /** Counts a running call for another provider: now, or when there is room; `entered` is told. Returns what gives up waiting. */
  takeSeat(ticket: WaitingCall, provider: string | undefined, entered: () => void): () => void {
    const group = this.#group(provider)
    const enter = (): void => {
      ticket.seat = group
      group.running++
      entered()
    }
    if (isFree(group) && group.movers.size === 0) enter()
    else group.movers.add(enter)
    return () => void group.movers.delete(enter)
  }

  /** Other processes run all that may run of this call's provider, or user, until what is returned is called. */
  block({ job }: WaitingCall, what: 'provider' | 'user'): () => void {
    if (what === 'provider') {
      const group = this.#group(job.provider)
      group.blocked = true
      return () => {
        group.blocked = false
        letMove(group)
      }
    }
    const person = this.#person(job.user)
    if (person === undefined) return () => undefined
    person.blocked = true
    for (const lane of person.lanes) suspend(lane)
    return () => {
      person.blocked = false
      this.#open(person)
    }
  }

  /** Also one that was let out and could not run: it gets its place back. */
  add(ticket: WaitingCall): void {
    const { job } = ticket
    const level = this.#level(ticket)
    const group = this.#group(job.provider)
    const shelf = group.shelves[ticket.level] as PriorityQueue
    const user = this.#user(level, job.user ?? '')
    if (ticket.served === user) {
      user.turn -= 1
      for (const lane of user.lanes) if (!lane.held) reposition(lane)
    }
    ticket.served = undefined
    const known = user.lanes.find((lane) => lane.shelf === shelf)
    const lane = known ?? createLane(user, shelf, this.#person(job.user))
    if (known === undefined && lane.person !== undefined && this.#isFull(lane.person)) suspend(lane)
    link(ticket, lane)
    group.waiting++
    level.waiting++
  }

  /** Takes a call out that will not run. */
  remove(ticket: WaitingCall): void {
    const { lane } = ticket
    if (lane === undefined) return
    unlink(ticket, lane)
    this.#left(ticket, lane)
  }

  /** Takes the next call out, to run. */
  next(now: number): WaitingCall | undefined {
    const regular = this.#mostUrgent()
    if (regular === undefined) return undefined
    const aged = this.#agedLast ? undefined : this.#aged(regular.level, now)
    this.#agedLast = aged !== undefined
    const ticket = aged ?? regular
    const lane = ticket.lane as Lane
    const level = this.#level(ticket)
    const { user } = lane
    if (aged === undefined) level.turn = Math.max(level.turn, user.turn)
    serve(ticket, user)
    unlink(ticket, lane)
    for (const other of user.lanes) if (other !== lane && !other.held) reposition(other)
    this.#left(ticket, lane)
    return ticket
  }

  /** A call that runs without standing in line counts for its user like any other. */
  pass(ticket: WaitingCall): void {
    this.#agedLast = false
    const level = this.#level(ticket)
    const user = this.#user(level, ticket.job.user ?? '')
    level.turn = Math.max(level.turn, user.turn)
    serve(ticket, user)
  }

  #mostUrgent(): WaitingCall | undefined {
    for (const level of priorities.keys()) {
      let best: Lane | undefined
      for (const group of this.#groups.values()) {
        const lane = isFree(group) ? group.shelves[level]?.lanes.peek() : undefined
        if (lane !== undefined && (best === undefined || isAhead(lane, best))) best = lane
      }
      if (best !== undefined) return best.first
    }
    return undefined
  }

  /** The call that has waited longest, if it is less urgent than `level` and has waited too long. */
  #aged(level: number, now: number): WaitingCall | undefined {
    const { agingMs } = this.#settings
    if (agingMs === 0) return undefined
    let aged: WaitingCall | undefined
    for (const group of this.#groups.values()) {
      if (!isFree(group)) continue
      for (const { ages } of group.shelves.slice(level + 1)) {
        const oldest = ages.peek()?.lane?.first
        if (oldest === undefined || now - oldest.enqueuedAt < agingMs / 2) continue
        if (aged === undefined || oldest.seq < aged.seq) aged = oldest
      }
    }
    return aged
  }

  #left(ticket: WaitingCall, { user, shelf, person }: Lane): void {
    const level = this.#level(ticket)
    shelf.group.waiting--
    level.waiting--
    if (isIdle(user, level)) level.users.delete(user.id)
    if (person !== undefined) this.#forget(person)
  }

  #user(level: PriorityLevel, id: string): UserRotation {
    const known = level.users.get(id)
    const soonest = level.turn + 0.5
    if (known !== undefined) {
      if (known.lanes.length === 0) known.turn = Math.max(known.turn, soonest)
      return known
    }
    forgetIdle(level)
    const user = { id, turn: soonest, lanes: [] }
    level.users.set(id, user)
    return user
  }

  #person(id = ''): UserConcurrency | undefined {
    if (this.#settings.perUser === Infinity || id === '') return undefined
    let person = this.#people.get(id)
    if (person === undefined)
      this.#people.set(id, (person = { id, running: 0, blocked: false, lanes: new Set() }))
    return person
  }

  #isFull({ running, blocked }: UserConcurrency): boolean {
    return blocked || running >= this.#settings.perUser
  }

  #open(person: UserConcurrency): void {
    if (!this.#isFull(person)) for (const lane of person.lanes) resume(lane)
    this.#forget(person)
  }

  #forget({ id, running, blocked, lanes }: UserConcurrency): void {
    if (running === 0 && !blocked && lanes.size === 0) this.#people.delete(id)
  }

  #level({ level }: WaitingCall): PriorityLevel {
    return this.#levels[level] as PriorityLevel
  }

  #group(provider: string | undefined): Group {
    const cap = capOf(this.#settings, provider)
    const name = cap === undefined ? '' : (provider ?? '')
    const known = this.#groups.get(name)
    if (known !== undefined) return known
    const group = createGroup(cap ?? Infinity)
    this.#groups.set(name, group)
    return group
  }
}

/** How many calls of a provider may run at once, where that is bounded. */
export function capOf({ perProvider }: QueueSettings, provider: string | undefined): number | undefined {
  if (provider === undefined) return undefined
  return typeof perProvider === 'number' ? perProvider : perProvider[provider]
}

function isFree({ running, cap, blocked }: Group): boolean {
  return running < cap && !blocked
}

function serve(ticket: WaitingCall, user: UserRotation): void {
  user.turn += 1
  ticket.served = user
}

function letMove(group: Group): void {
  for (const enter of group.movers) {
    if (!isFree(group)) return
    group.movers.delete(enter)
    enter()
  }
}

/** Nobody of the user waits, and a newcomer would have the same turn. */
function isIdle({ lanes, turn }: UserRotation, level: PriorityLevel): boolean {
  return lanes.length === 0 && turn <= level.turn + 0.5
}

// A few old users are looked at for every new one: what is idle goes as fast as anything new can come.
function forgetIdle(level: PriorityLevel): void {
  for (let swept = 0; swept < SWEPT_PER_NEW_USER; swept++) {
    const next = level.sweep.next()
    if (next.done === true) {
      level.sweep = level.users.entries()
      return
    }
    const [id, user] = next.value
    if (isIdle(user, level)) level.users.delete(id)
  }
}

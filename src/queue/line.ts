import { Heap } from '../core/heap.ts'
import { priorities, type QueueSettings } from './config.ts'
import type { Group, Lane, Shelf, Ticket, UserTurn } from './ticket.ts'

/** One priority over all groups. */
interface Level {
  readonly users: Map<string, UserTurn>
  sweep: Iterator<[string, UserTurn]>
  /** The turn that was served last: newcomers come half a turn behind it, so before everyone who was served in it. */
  turn: number
  waiting: number
}

const SWEPT_PER_NEW_USER = 3

/**
 * Who runs next: the most urgent priority first; in it, users by turns; of one user, the first to come. Calls of a
 * provider that runs all it may are passed over. A call that has waited for long goes before more urgent ones, but
 * takes every second slot at most. Every step costs O(log n) of the users that wait.
 */
export class Line {
  readonly #settings: QueueSettings
  readonly #groups: Map<string, Group> = new Map()
  readonly #levels: readonly Level[]
  #agedLast = false

  constructor(settings: QueueSettings) {
    this.#settings = settings
    this.#levels = priorities.map(() => {
      const users = new Map<string, UserTurn>()
      return { users, sweep: users.entries(), turn: 0, waiting: 0 }
    })
  }

  /** Waiting calls that could run if there was a slot. */
  get ready(): number {
    let ready = 0
    for (const group of this.#groups.values()) if (isFree(group)) ready += group.waiting
    return ready
  }

  get waiting(): number {
    return this.#levels.reduce((sum, { waiting }) => sum + waiting, 0)
  }

  /** Waiting calls by priority, the most urgent first. */
  get waitingPerLevel(): readonly number[] {
    return this.#levels.map(({ waiting }) => waiting)
  }

  /** When the call came that has waited longest. */
  get oldestAt(): number | undefined {
    const all = [...this.#groups.values()].flatMap(({ shelves }) =>
      shelves.map(({ oldest }) => oldest?.enqueuedAt),
    )
    const known = all.filter((at) => at !== undefined)
    return known.length === 0 ? undefined : Math.min(...known)
  }

  /** May one more call of this provider run? */
  hasRoom(provider: string | undefined): boolean {
    return isFree(this.#group(provider))
  }

  /** Calls of this provider's cap that wait, and how many of them may run at once. */
  capOf(provider: string | undefined): { readonly waiting: number; readonly cap: number } {
    return this.#group(provider)
  }

  started({ job }: Ticket): void {
    this.#group(job.provider).running++
  }

  ended({ job }: Ticket): void {
    this.#group(job.provider).running--
  }

  add(ticket: Ticket): void {
    const level = this.#level(ticket)
    const group = this.#group(ticket.job.provider)
    const shelf = group.shelves[ticket.level] as Shelf
    const user = this.#user(level, ticket.job.user ?? '')
    const lane = user.lanes.find((known) => known.shelf === shelf) ?? openLane(user, shelf)
    ticket.lane = lane
    ticket.before = lane.last
    if (lane.last === undefined) {
      lane.first = ticket
      shelf.lanes.add(lane)
    } else lane.last.behind = ticket
    lane.last = ticket
    ticket.older = shelf.youngest
    if (shelf.youngest === undefined) shelf.oldest = ticket
    else shelf.youngest.younger = ticket
    shelf.youngest = ticket
    group.waiting++
    level.waiting++
  }

  /** Takes a call out that will not run. */
  remove(ticket: Ticket): void {
    const { lane } = ticket
    if (lane === undefined) return
    unlink(ticket, lane)
    if (lane.first === undefined) closeLane(lane)
    else lane.shelf.lanes.update(lane)
    this.#left(ticket, lane.user)
  }

  /** Takes the next call out, to run. */
  next(now: number): Ticket | undefined {
    const regular = this.#mostUrgent()
    if (regular === undefined) return undefined
    const aged = this.#agedLast ? undefined : this.#aged(regular.level, now)
    this.#agedLast = aged !== undefined
    const ticket = aged ?? regular
    const lane = ticket.lane as Lane
    const level = this.#level(ticket)
    const { user } = lane
    unlink(ticket, lane)
    if (aged === undefined) level.turn = Math.max(level.turn, user.turn)
    user.turn += 1
    if (lane.first === undefined) closeLane(lane)
    for (const other of user.lanes) other.shelf.lanes.update(other)
    this.#left(ticket, user)
    return ticket
  }

  #mostUrgent(): Ticket | undefined {
    for (const level of priorities.keys()) {
      let best: Lane | undefined
      for (const group of this.#groups.values()) {
        const lane = isFree(group) ? group.shelves[level]?.lanes.peek() : undefined
        if (lane !== undefined && (best === undefined || goesFirst(lane, best))) best = lane
      }
      if (best !== undefined) return best.first
    }
    return undefined
  }

  /** The call that has waited longest, if it is less urgent than `level` and has waited too long. */
  #aged(level: number, now: number): Ticket | undefined {
    const { agingMs } = this.#settings
    if (agingMs === 0) return undefined
    let aged: Ticket | undefined
    for (const group of this.#groups.values()) {
      if (!isFree(group)) continue
      for (const { oldest } of group.shelves.slice(level + 1)) {
        if (oldest === undefined || now - oldest.enqueuedAt < agingMs / 2) continue
        if (aged === undefined || oldest.seq < aged.seq) aged = oldest
      }
    }
    return aged
  }

  #left(ticket: Ticket, user: UserTurn): void {
    const level = this.#level(ticket)
    const { group } = (ticket.lane as Lane).shelf
    ticket.lane = undefined
    group.waiting--
    level.waiting--
    if (isIdle(user, level)) level.users.delete(user.id)
  }

  #user(level: Level, id: string): UserTurn {
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

  #level({ level }: Ticket): Level {
    return this.#levels[level] as Level
  }

  #group(provider: string | undefined): Group {
    const { perProvider } = this.#settings
    const cap = typeof perProvider === 'number' ? perProvider : perProvider[provider ?? '']
    const capped = provider !== undefined && cap !== undefined
    const name = capped ? provider : ''
    const known = this.#groups.get(name)
    if (known !== undefined) return known
    const group = openGroup(capped ? cap : Infinity)
    this.#groups.set(name, group)
    return group
  }
}

function openGroup(cap: number): Group {
  const shelves: Shelf[] = []
  const group = { cap, shelves, running: 0, waiting: 0 }
  for (const _ of priorities) {
    const lanes = new Heap<Lane>(goesFirst)
    shelves.push({ group, lanes, oldest: undefined, youngest: undefined })
  }
  return group
}

function isFree({ running, cap }: Group): boolean {
  return running < cap
}

function goesFirst(one: Lane, other: Lane): boolean {
  if (one.user.turn !== other.user.turn) return one.user.turn < other.user.turn
  return (one.first?.seq ?? 0) < (other.first?.seq ?? 0)
}

function openLane(user: UserTurn, shelf: Shelf): Lane {
  const lane = { user, shelf, first: undefined, last: undefined, heapIndex: -1 }
  user.lanes.push(lane)
  return lane
}

function closeLane(lane: Lane): void {
  lane.shelf.lanes.remove(lane)
  lane.user.lanes.splice(lane.user.lanes.indexOf(lane), 1)
}

/** Nobody of the user waits, and a newcomer would have the same turn. */
function isIdle({ lanes, turn }: UserTurn, level: Level): boolean {
  return lanes.length === 0 && turn <= level.turn + 0.5
}

// A few old users are looked at for every new one: what is idle goes as fast as anything new can come.
function forgetIdle(level: Level): void {
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

function unlink(ticket: Ticket, lane: Lane): void {
  const { before, behind, older, younger } = ticket
  const { shelf } = lane
  if (before === undefined) lane.first = behind
  else before.behind = behind
  if (behind === undefined) lane.last = before
  else behind.before = before
  if (older === undefined) shelf.oldest = younger
  else older.younger = younger
  if (younger === undefined) shelf.youngest = older
  else younger.older = older
  ticket.before = ticket.behind = ticket.older = ticket.younger = undefined
}

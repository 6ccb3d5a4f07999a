import { Heap } from '../core/heap.ts'
import { priorities } from './config.ts'
import type {
  LaneAge,
  Group,
  Lane,
  UserConcurrency,
  PriorityQueue,
  WaitingCall,
  UserRotation,
} from './waiting-call.ts'

/** Opens a group: calls of one cap, by priority. */
export function createGroup(cap: number): Group {
  const shelves: PriorityQueue[] = []
  const movers = new Set<() => void>()
  const group = { cap, shelves, movers, running: 0, waiting: 0, held: 0, blocked: false }
  for (const _ of priorities)
    shelves.push({ group, lanes: new Heap<Lane>(isAhead), ages: new Heap<LaneAge>(isOlder) })
  return group
}

/** Lets the lane of a user and a shelf begin; nobody stands in it yet. */
export function createLane(
  user: UserRotation,
  shelf: PriorityQueue,
  person: UserConcurrency | undefined,
): Lane {
  const age: LaneAge = { lane: undefined, heapIndex: -1 }
  const place = { first: undefined, last: undefined, size: 0, held: false, heapIndex: -1 }
  const lane: Lane = { user, shelf, person, age, ...place }
  age.lane = lane
  user.lanes.push(lane)
  person?.lanes.add(lane)
  return lane
}

/** Puts a call into its lane: behind all others, but before those that came later where it comes back. */
export function link(ticket: WaitingCall, lane: Lane): void {
  let before = lane.last
  // One that comes back was among the first.
  if (before !== undefined && before.seq > ticket.seq) {
    let behind = lane.first
    while (behind !== undefined && behind.seq < ticket.seq) behind = behind.behind
    before = behind?.before
  }
  const behind = before === undefined ? lane.first : before.behind
  ticket.lane = lane
  ticket.before = before
  ticket.behind = behind
  if (before === undefined) lane.first = ticket
  else before.behind = ticket
  if (behind === undefined) lane.last = ticket
  else behind.before = ticket
  lane.size++
  if (lane.held) lane.shelf.group.held++
  else if (before === undefined) reposition(lane)
}

/** Takes a call out of its lane, which closes with the last one. */
export function unlink(ticket: WaitingCall, lane: Lane): void {
  const { before, behind } = ticket
  if (before === undefined) lane.first = behind
  else before.behind = behind
  if (behind === undefined) lane.last = before
  else behind.before = before
  ticket.before = ticket.behind = ticket.lane = undefined
  lane.size--
  if (lane.held) lane.shelf.group.held--
  if (lane.first === undefined) closeLane(lane)
  else if (before === undefined && !lane.held) reposition(lane)
}

/** Finds the lane's place by turn and by age; its first call is another one, or its user has another turn. */
export function reposition(lane: Lane): void {
  const { lanes, ages } = lane.shelf
  if (lane.heapIndex >= 0) lanes.update(lane)
  else lanes.add(lane)
  if (lane.age.heapIndex >= 0) ages.update(lane.age)
  else ages.add(lane.age)
}

/** Nobody of the lane can be next for a while. */
export function suspend(lane: Lane): void {
  if (lane.held) return
  lane.held = true
  lane.shelf.group.held += lane.size
  unrank(lane)
}

/** The lane takes part again. */
export function resume(lane: Lane): void {
  if (!lane.held) return
  lane.held = false
  lane.shelf.group.held -= lane.size
  reposition(lane)
}

function closeLane(lane: Lane): void {
  unrank(lane)
  lane.user.lanes.splice(lane.user.lanes.indexOf(lane), 1)
  lane.person?.lanes.delete(lane)
}

function unrank(lane: Lane): void {
  lane.shelf.lanes.remove(lane)
  lane.shelf.ages.remove(lane.age)
}

/** True where `one` goes before `other`: by turn, then by arrival. */
export function isAhead(one: Lane, other: Lane): boolean {
  if (one.user.turn !== other.user.turn) return one.user.turn < other.user.turn
  return (one.first?.seq ?? 0) < (other.first?.seq ?? 0)
}

function isOlder(one: LaneAge, other: LaneAge): boolean {
  return (one.lane?.first?.seq ?? 0) < (other.lane?.first?.seq ?? 0)
}

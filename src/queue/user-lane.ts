import { Heap } from '../core/heap.ts'
import {
  LEVELS,
  type LaneAge,
  type Group,
  type Lane,
  type UserConcurrency,
  type PriorityQueue,
  type WaitingCall,
  type UserRotation,
} from './waiting-call.ts'

/** Creates an empty group for the calls that share one limit. */
export function createGroup(limit: number): Group {
  const queues: PriorityQueue[] = []
  const handovers = new Set<() => void>()
  const group = { limit, queues, handovers, running: 0, waiting: 0, suspended: 0, blocked: false }
  for (let level = 0; level < LEVELS; level++)
    queues.push({ group, lanes: new Heap<Lane>(isAhead), ages: new Heap<LaneAge>(isOlder) })
  return group
}

/** Creates an empty lane for one user and priority. */
export function createLane(
  rotation: UserRotation,
  queue: PriorityQueue,
  user: UserConcurrency | undefined,
): Lane {
  const age: LaneAge = { lane: undefined, heapIndex: -1 }
  const empty = { first: undefined, last: undefined, size: 0, suspended: false, heapIndex: -1 }
  const lane: Lane = { rotation, queue, user, age, ...empty }
  age.lane = lane
  rotation.lanes.push(lane)
  user?.lanes.add(lane)
  return lane
}

/** Inserts a call into its lane in order of arrival. */
export function insertCall(call: WaitingCall, lane: Lane): void {
  let previous = lane.last
  // Only a call that could not start is inserted again, and it was among the first.
  if (previous !== undefined && previous.seq > call.seq) {
    let next = lane.first
    while (next !== undefined && next.seq < call.seq) next = next.next
    previous = next?.previous
  }
  const next = previous === undefined ? lane.first : previous.next
  call.lane = lane
  call.previous = previous
  call.next = next
  if (previous === undefined) lane.first = call
  else previous.next = call
  if (next === undefined) lane.last = call
  else next.previous = call
  lane.size++
  if (lane.suspended) lane.queue.group.suspended++
  else if (previous === undefined) reposition(lane)
}

/** Removes a call from its lane, and the lane too if it was the last one. */
export function removeCall(call: WaitingCall, lane: Lane): void {
  const { previous, next } = call
  if (previous === undefined) lane.first = next
  else previous.next = next
  if (next === undefined) lane.last = previous
  else next.previous = previous
  call.previous = call.next = call.lane = undefined
  lane.size--
  if (lane.suspended) lane.queue.group.suspended--
  if (lane.first === undefined) closeLane(lane)
  else if (previous === undefined && !lane.suspended) reposition(lane)
}

/** Sorts the lane again after its first call or its user's rotation position changed. */
export function reposition(lane: Lane): void {
  const { lanes, ages } = lane.queue
  if (lane.heapIndex >= 0) lanes.update(lane)
  else lanes.add(lane)
  if (lane.age.heapIndex >= 0) ages.update(lane.age)
  else ages.add(lane.age)
}

/** Makes the calls of a lane ineligible until `resume`. */
export function suspend(lane: Lane): void {
  if (lane.suspended) return
  lane.suspended = true
  lane.queue.group.suspended += lane.size
  removeFromHeaps(lane)
}

/** Makes the calls of a suspended lane eligible again. */
export function resume(lane: Lane): void {
  if (!lane.suspended) return
  lane.suspended = false
  lane.queue.group.suspended -= lane.size
  reposition(lane)
}

function closeLane(lane: Lane): void {
  removeFromHeaps(lane)
  lane.rotation.lanes.splice(lane.rotation.lanes.indexOf(lane), 1)
  lane.user?.lanes.delete(lane)
}

function removeFromHeaps(lane: Lane): void {
  lane.queue.lanes.remove(lane)
  lane.queue.ages.remove(lane.age)
}

/** Whether `one` is served before `other`: by rotation, then by arrival. */
export function isAhead(one: Lane, other: Lane): boolean {
  if (one.rotation.position !== other.rotation.position)
    return one.rotation.position < other.rotation.position
  return (one.first?.seq ?? 0) < (other.first?.seq ?? 0)
}

function isOlder(one: LaneAge, other: LaneAge): boolean {
  return (one.lane?.first?.seq ?? 0) < (other.lane?.first?.seq ?? 0)
}

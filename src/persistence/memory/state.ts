import type {
  Attachment,
  ChatTask,
  Conversation,
  Reaction,
  StoredMessage,
  Summary,
  UsageCounts,
} from '../../conversations/storage/index.ts'

/** One conversation with all that belongs to it. */
export interface Bucket {
  /** Without its usage, which `counts` holds. */
  readonly conversation: Conversation
  readonly counts: UsageCounts
  /** By sequence: the message with sequence n is at n - 1. */
  readonly messages: StoredMessage[]
  /** Sequence by id. */
  readonly sequences: Map<string, number>
  /** Sequence by request and step. */
  readonly steps: Map<string, number>
  readonly reactions: Map<string, Reaction>
  readonly attachments: Map<string, Placed<Attachment>>
  readonly tasks: Map<string, ChatTask>
  readonly summaries: Map<string, Placed<Summary>>
}

/** A record and its place in the order in which they came. */
export interface Placed<T> {
  readonly place: number
  readonly record: T
}

/** What a user has used. */
export interface UserCounts {
  readonly counts: UsageCounts
  readonly lastUsedAt: number
}

/** All that the store keeps. */
export interface State {
  readonly buckets: Map<string, Bucket>
  readonly users: Map<string, UserCounts>
  nextPlace: number
}

/** An empty store. */
export function emptyState(): State {
  return { buckets: new Map(), users: new Map(), nextPlace: 1 }
}

/** A bucket for a new conversation. */
export function emptyBucket(conversation: Conversation, counts: UsageCounts): Bucket {
  return {
    conversation,
    counts,
    messages: [],
    sequences: new Map(),
    steps: new Map(),
    reactions: new Map(),
    attachments: new Map(),
    tasks: new Map(),
    summaries: new Map(),
  }
}

/** Changes the state and can take the changes back. */
export interface Journal {
  put<K, V>(map: Map<K, V>, key: K, value: V): void
  drop<K, V>(map: Map<K, V>, key: K): void
  append<V>(list: V[], value: V): void
  replace<V>(list: V[], at: number, value: V): void
  /** Makes the entries of another journal its own. */
  take(other: Journal): void
  /** Takes back everything since it was made. */
  undo(): void
}

/** A journal without entries. */
export function createJournal(): Journal {
  const entries: (() => void)[] = []
  return {
    put(map, key, value) {
      const had = map.has(key)
      const before = map.get(key)
      map.set(key, value)
      entries.push(() => void (had ? map.set(key, before as never) : map.delete(key)))
    },
    drop(map, key) {
      const value = map.get(key)
      const place = [...map.keys()].indexOf(key)
      if (value === undefined || !map.delete(key)) return
      entries.push(() => insertAt(map, place, [key, value]))
    },
    append(list, value) {
      list.push(value)
      entries.push(() => void list.pop())
    },
    replace(list, at, value) {
      const before = list[at] as typeof value
      list[at] = value
      entries.push(() => void (list[at] = before))
    },
    take(other) {
      entries.push(() => other.undo())
    },
    undo() {
      for (const takeBack of entries.splice(0).toReversed()) takeBack()
    },
  }
}

// Maps give their entries in the order of insertion, which tells what came first.
function insertAt<K, V>(map: Map<K, V>, place: number, entry: readonly [K, V]): void {
  const all = [...map].toSpliced(place, 0, [...entry])
  map.clear()
  for (const [key, value] of all) map.set(key, value)
}

import type {
  Attachment,
  ChatTask,
  Conversation,
  Reaction,
  StoredMessage,
  Summary,
  UsageCounts,
} from '../storage/index.ts'

/** One conversation with everything that belongs to it. */
export interface Bucket {
  /** The record without its usage, which `counts` holds. */
  readonly conversation: Conversation
  readonly counts: UsageCounts
  /** The message with sequence n is at index n - 1. */
  readonly messages: StoredMessage[]
  /** Sequence by message id. */
  readonly sequences: Map<string, number>
  /** Sequence by request id and step. */
  readonly steps: Map<string, number>
  readonly reactions: Map<string, Reaction>
  readonly attachments: Map<string, Placed<Attachment>>
  readonly tasks: Map<string, ChatTask>
  readonly summaries: Map<string, Placed<Summary>>
}

/** A record and its position in the order of insertion. */
export interface Placed<T> {
  readonly place: number
  readonly record: T
}

/** Usage of one user. */
export interface UserCounts {
  readonly counts: UsageCounts
  readonly lastUsedAt: number
}

/** All data of the store. */
export interface State {
  readonly buckets: Map<string, Bucket>
  /** By the texts that `userKeyText` returns. */
  readonly users: Map<string, UserCounts>
  nextPlace: number
}

/** Creates an empty state. */
export function emptyState(): State {
  return { buckets: new Map(), users: new Map(), nextPlace: 1 }
}

/** Creates the data of a new conversation. */
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

/** Applies changes and can undo them. */
export interface Journal {
  put<K, V>(map: Map<K, V>, key: K, value: V): void
  drop<K, V>(map: Map<K, V>, key: K): void
  append<V>(list: V[], value: V): void
  replace<V>(list: V[], at: number, value: V): void
  /** Adopts the entries of another journal. */
  take(other: Journal): void
  /** Undoes all changes. */
  undo(): void
}

/** Creates an empty journal. */
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

// A map iterates in insertion order, which is the order of the list, so an undone deletion needs its former index.
function insertAt<K, V>(map: Map<K, V>, place: number, entry: readonly [K, V]): void {
  const all = [...map].toSpliced(place, 0, [...entry])
  map.clear()
  for (const [key, value] of all) map.set(key, value)
}

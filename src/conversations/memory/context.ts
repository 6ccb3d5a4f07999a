import {
  notFound,
  type Conversation,
  type Stamp,
  type StoreCall,
  type StoredMessage,
  usageTotals,
} from '../storage/index.ts'
import type { Bucket, Journal, State } from './state.ts'

/** What one step works with. */
export interface Context {
  readonly state: State
  readonly journal: Journal
  readonly stamp: Stamp
}

/** Runs one step atomically: all of its changes apply, or none. */
export type RunStep = <T>(call: StoreCall | undefined, work: (context: Context) => T) => Promise<T>

/** Returns the data of a conversation for a change. Throws `not-found` if it is unknown or deleted. */
export function openBucket({ state }: Context, conversationId: string): Bucket {
  const bucket = state.buckets.get(conversationId)
  if (bucket === undefined || bucket.conversation.deletedAt !== undefined)
    throw notFound('conversation', conversationId)
  return bucket
}

/** Returns the data of a conversation for reading, or `undefined` if it is unknown or deleted. */
export function readBucket({ state }: Context, conversationId: string): Bucket | undefined {
  const bucket = state.buckets.get(conversationId)
  return bucket?.conversation.deletedAt === undefined ? bucket : undefined
}

/** Updates the record of a conversation. */
export function putConversation(
  { state, journal }: Context,
  bucket: Bucket,
  change: Partial<Conversation>,
): Conversation {
  const conversation = frozen({ ...bucket.conversation, ...change })
  journal.put(state.buckets, conversation.id, { ...bucket, conversation })
  return withUsage({ ...bucket, conversation })
}

/** Returns a message by its id, deleted or not. */
export function messageOf(bucket: Bucket, id: string): StoredMessage | undefined {
  const sequence = bucket.sequences.get(id)
  return sequence === undefined ? undefined : bucket.messages[sequence - 1]
}

/** Returns a message for a change. Throws `not-found` if it is unknown or deleted. */
export function openMessage(bucket: Bucket, id: string): StoredMessage {
  const message = messageOf(bucket, id)
  if (message === undefined || message.deletedAt !== undefined) throw notFound('message', id)
  return message
}

/** Replaces a message. */
export function putMessage({ journal }: Context, bucket: Bucket, message: StoredMessage): StoredMessage {
  const record = frozen(message)
  journal.replace(bucket.messages, message.sequence - 1, record)
  return record
}

/** Returns the conversation record with its usage totals. */
export function withUsage({ conversation, counts }: Bucket): Conversation {
  return frozen({ ...conversation, usage: usageTotals(counts) })
}

/** Freezes a value and everything in it. */
export function frozen<T extends object>(value: T): T {
  if (Object.isFrozen(value)) return value
  for (const part of Object.values(value))
    if (typeof part === 'object' && part !== null) frozen(part as object)
  return Object.freeze(value)
}

import {
  notFound,
  type Conversation,
  type Stamp,
  type StoreCall,
  type StoredMessage,
  usageTotals,
} from '../../conversations/storage/index.ts'
import type { Bucket, Journal, State } from './state.ts'

/** What one step works on. */
export interface Context {
  readonly state: State
  readonly journal: Journal
  readonly stamp: Stamp
}

/** Runs one step: whole, or not at all. */
export type RunStep = <T>(call: StoreCall | undefined, work: (context: Context) => T) => Promise<T>

/** The bucket of a conversation that is not marked as deleted. Throws `not-found`. */
export function openBucket({ state }: Context, conversationId: string): Bucket {
  const bucket = state.buckets.get(conversationId)
  if (bucket === undefined || bucket.conversation.deletedAt !== undefined)
    throw notFound('conversation', conversationId)
  return bucket
}

/** The same for reading: `undefined` instead of an error. */
export function readBucket({ state }: Context, conversationId: string): Bucket | undefined {
  const bucket = state.buckets.get(conversationId)
  return bucket?.conversation.deletedAt === undefined ? bucket : undefined
}

/** Changes the record of a conversation. */
export function putConversation(
  { state, journal }: Context,
  bucket: Bucket,
  change: Partial<Conversation>,
): Conversation {
  const conversation = frozen({ ...bucket.conversation, ...change })
  journal.put(state.buckets, conversation.id, { ...bucket, conversation })
  return withUsage({ ...bucket, conversation })
}

/** A message by its id; also one that is marked as deleted. */
export function messageOf(bucket: Bucket, id: string): StoredMessage | undefined {
  const sequence = bucket.sequences.get(id)
  return sequence === undefined ? undefined : bucket.messages[sequence - 1]
}

/** A message that is not marked as deleted. Throws `not-found`. */
export function openMessage(bucket: Bucket, id: string): StoredMessage {
  const message = messageOf(bucket, id)
  if (message === undefined || message.deletedAt !== undefined) throw notFound('message', id)
  return message
}

/** Puts a message in its own place. */
export function putMessage({ journal }: Context, bucket: Bucket, message: StoredMessage): StoredMessage {
  const record = frozen(message)
  journal.replace(bucket.messages, message.sequence - 1, record)
  return record
}

/** The conversation as it is shown. */
export function withUsage({ conversation, counts }: Bucket): Conversation {
  return frozen({ ...conversation, usage: usageTotals(counts) })
}

/** The value, which can no longer be changed, nor anything in it. */
export function frozen<T extends object>(value: T): T {
  if (Object.isFrozen(value)) return value
  for (const part of Object.values(value))
    if (typeof part === 'object' && part !== null) frozen(part as object)
  return Object.freeze(value)
}

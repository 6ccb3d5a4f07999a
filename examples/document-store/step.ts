import { LlmError } from 'llm-switchyard'
import {
  type Conversation,
  notFound,
  noCounts,
  type Stamp,
  type StoreCall,
  type StoredMessage,
  alreadyExists,
  type UsageCounts,
  usageTotals,
  alreadyWritten,
} from 'llm-switchyard/conversations/store-kit'
import type { CollectionName, Document, DocumentCollection, FindOptions } from './database.ts'

/** The collections, for use inside or outside a transaction. */
export interface Step {
  readonly stamp: Stamp
  readonly inside: FindOptions
  in(name: CollectionName): DocumentCollection
}

/** Runs reads directly and writes in a transaction. */
export interface Run {
  read<T>(call: StoreCall | undefined, work: (step: Step) => Promise<T>): Promise<T>
  write<T>(call: StoreCall | undefined, work: (step: Step) => Promise<T>): Promise<T>
}

/** The record of a document. It is stored as JSON text, because BSON would change some strings that a model may write. */
export function bodyOf(document: Document): unknown {
  return JSON.parse(String(document['body']))
}

/** A conversation with its counters, which are stored beside the body. */
export function readConversation(document: Document): Conversation {
  const { counts = noCounts, deletedAt, ...own } = document as Document & { counts?: UsageCounts }
  return {
    ...(bodyOf(document) as Conversation),
    messageCount: Number(own['messageCount']),
    lastSequence: Number(own['lastSequence']),
    lastActivityAt: Number(own['lastActivityAt']),
    usage: usageTotals(counts),
    ...(typeof deletedAt === 'number' ? { deletedAt } : {}),
  }
}

/** A message with its `active` mark, which is stored beside the body. */
export function readMessage(document: Document): StoredMessage {
  return { ...(bodyOf(document) as StoredMessage), active: document['active'] === true }
}

/** A conversation that is not marked as deleted. Rejects with `not-found`. */
export async function openConversation(step: Step, id: string): Promise<Conversation> {
  const found = await step.in('conversations').findOne({ _id: id, deletedAt: null }, step.inside)
  if (found === null) throw notFound('conversation', id)
  return readConversation(found)
}

/** Whether a conversation exists and is not marked as deleted. */
export async function isOpen(step: Step, id: string): Promise<boolean> {
  return (await step.in('conversations').countDocuments({ _id: id, deletedAt: null }, step.inside)) > 0
}

/** A key of several ids, joined by a line break because ids contain no control characters. */
export function keyOf(...ids: readonly (string | number)[]): string {
  return ids.join('\n')
}

/** A message of a conversation, also if it is marked as deleted. */
export async function findMessage(
  step: Step,
  conversationId: string,
  id: string,
): Promise<StoredMessage | undefined> {
  const found = await step.in('messages').findOne({ _id: keyOf(conversationId, id) }, step.inside)
  return found === null || !(await isOpen(step, conversationId)) ? undefined : readMessage(found)
}

/** A message that is not marked as deleted. Rejects with `not-found`. */
export async function openMessage(step: Step, conversationId: string, id: string): Promise<StoredMessage> {
  const found = await findMessage(step, conversationId, id)
  if (found === undefined || found.deletedAt !== undefined) throw notFound('message', id)
  return found
}

const DUPLICATE_KEY = 11_000

/** Converts the driver's duplicate-key error to the store's `conflict`. */
export function asConflict(error: unknown): unknown {
  const { code, keyPattern } = error as { code?: unknown; keyPattern?: object }
  if (LlmError.is(error) || code !== DUPLICATE_KEY) return error
  return keyPattern !== undefined && 'requestKey' in keyPattern
    ? alreadyWritten('step', 'of another call')
    : alreadyExists('record', 'of another call')
}

import {
  addCounts,
  checkHistory,
  checkVersion,
  type HistoryQuery,
  messageRecord,
  type MessageStore,
  notFound,
  type NewMessage,
  patchMessage,
  type StoredMessage,
  alreadyExists,
  usageCounts,
  erasedMessage,
  alreadyWritten,
} from '../storage/index.ts'
import {
  type Context,
  frozen,
  messageOf,
  openBucket,
  openMessage,
  putConversation,
  putMessage,
  readBucket,
  type RunStep,
} from './context.ts'
import { activate, isInHistory } from './activation.ts'
import { listMessages, searchMessages, threadsOf } from './message-lists.ts'
import type { Bucket } from './state.ts'

/** Creates the messages part of the store. */
export function messageStore(step: RunStep): MessageStore {
  return {
    append: (conversationId, messages, call) =>
      step(call, (context) => append(context, openBucket(context, conversationId), messages)),
    get: (conversationId, id, call) =>
      step(call, (context) => {
        const bucket = readBucket(context, conversationId)
        const message = bucket === undefined ? undefined : messageOf(bucket, id)
        return message?.deletedAt === undefined || call?.deleted === true ? message : undefined
      }),
    findByRequest: (conversationId, requestId, call) =>
      step(call, (context) => {
        const messages = readBucket(context, conversationId)?.messages ?? []
        return messages
          .filter((message) => message.requestId === requestId)
          .toSorted((a, b) => (a.requestStep ?? 0) - (b.requestStep ?? 0))
      }),
    history: (conversationId, query, call) =>
      step(call, (context) => history(readBucket(context, conversationId), query)),
    list: (conversationId, query, call) =>
      step(call, (context) => listMessages(readBucket(context, conversationId), query ?? {})),
    search: (query, call) => step(call, (context) => searchMessages(context, query)),
    threads: (conversationId, query, call) =>
      step(call, (context) => threadsOf(readBucket(context, conversationId), query ?? {})),
    update: (conversationId, id, patch, call) =>
      step(call, (context) => {
        const bucket = openBucket(context, conversationId)
        const message = openMessage(bucket, id)
        checkVersion(`message "${id}"`, message.version, call?.version)
        return putMessage(context, bucket, patchMessage(message, patch, context.stamp.now))
      }),
    activate: (conversationId, change, call) =>
      step(call, (context) => activate(context, openBucket(context, conversationId), change)),
    ...removal(step),
  }
}

function removal(step: RunStep): Pick<MessageStore, 'delete' | 'wipe'> {
  return {
    delete: (conversationId, id, call) =>
      step(call, (context) => {
        const bucket = openBucket(context, conversationId)
        const message = messageOf(bucket, id)
        if (message === undefined || message.deletedAt !== undefined) return false
        putMessage(context, bucket, { ...message, deletedAt: context.stamp.now })
        dropAttachments(context, bucket, id)
        recount(context, bucket, message.active ? -1 : 0)
        return true
      }),
    wipe: (conversationId, id, call) =>
      step(call, (context) => {
        const bucket = openBucket(context, conversationId)
        const message = messageOf(bucket, id)
        if (message === undefined) return false
        putMessage(context, bucket, erasedMessage(message, context.stamp.now))
        recount(context, bucket, isInHistory(message) ? -1 : 0)
        for (const [key, { messageId }] of bucket.reactions)
          if (messageId === id) context.journal.drop(bucket.reactions, key)
        dropAttachments(context, bucket, id)
        return true
      }),
  }
}

function dropAttachments({ journal }: Context, bucket: Bucket, messageId: string): void {
  for (const [key, { record }] of bucket.attachments)
    if (record.messageId === messageId) journal.drop(bucket.attachments, key)
}

function recount(context: Context, bucket: Bucket, difference: number): void {
  if (difference === 0) return
  const { messageCount } = bucket.conversation
  putConversation(context, bucket, { messageCount: messageCount + difference })
}

function append(context: Context, bucket: Bucket, inputs: readonly NewMessage[]): readonly StoredMessage[] {
  const { state, journal, stamp } = context
  const { conversation } = bucket
  let added = bucket.counts
  const records = inputs.map((input, at) => {
    const sequence = conversation.lastSequence + at + 1
    const record = frozen(messageRecord(input, stamp, { conversationId: conversation.id, sequence }))
    checkPlace(bucket, record)
    journal.append(bucket.messages, record)
    journal.put(bucket.sequences, record.id, sequence)
    if (record.requestId !== undefined) journal.put(bucket.steps, stepKey(record), sequence)
    added = addCounts(added, usageCounts(record))
    return record
  })
  const next = frozen({
    ...conversation,
    lastSequence: conversation.lastSequence + records.length,
    messageCount: conversation.messageCount + records.filter(({ active }) => active).length,
    lastActivityAt: Math.max(conversation.lastActivityAt, ...records.map(({ createdAt }) => createdAt)),
  })
  journal.put(state.buckets, conversation.id, { ...bucket, conversation: next, counts: added })
  return records
}

function checkPlace(bucket: Bucket, record: StoredMessage): void {
  if (bucket.sequences.has(record.id)) throw alreadyExists('message', record.id)
  if (record.requestId !== undefined && bucket.steps.has(stepKey(record)))
    throw alreadyWritten('message', record.requestId)
  for (const id of [record.parentId, record.variantOf])
    if (id !== undefined && messageOf(bucket, id) === undefined) throw notFound('message', id)
}

// Ids contain no control characters.
function stepKey({ requestId, requestStep }: StoredMessage): string {
  return `${requestId}\n${requestStep}`
}

function history(bucket: Bucket | undefined, query: HistoryQuery): readonly StoredMessage[] {
  checkHistory(query)
  const { limit, before = Infinity, thread, roles } = query
  const messages = bucket?.messages ?? []
  const found: StoredMessage[] = []
  for (let at = Math.min(before - 1, messages.length) - 1; at >= 0 && found.length < limit; at--) {
    const message = messages[at] as StoredMessage
    const inThread = thread === undefined || message.id === thread || message.parentId === thread
    if (isInHistory(message) && inThread && (roles === undefined || roles.includes(message.role)))
      found.push(message)
  }
  return found.toReversed()
}

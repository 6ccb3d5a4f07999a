import {
  type Activation,
  addCounts,
  checkActivation,
  checkHistory,
  checkVersion,
  messageRecord,
  type MessageStore,
  notFound,
  type NewMessage,
  noCounts,
  patchMessage,
  searchTerms,
  type StoredMessage,
  alreadyExists,
  usageCounts,
  erasedMessage,
  alreadyWritten,
} from 'llm-switchyard/conversations/store-kit'
import type { Document } from './database.ts'
import { listMessages, searchMessages, threadsOf } from './message-lists.ts'
import {
  findMessage,
  isOpen,
  keyOf,
  openConversation,
  openMessage,
  readMessage,
  type Run,
  type Step,
} from './step.ts'

export function messageStore({ read, write }: Run): MessageStore {
  return {
    append: (conversationId, messages, call) => write(call, (step) => append(step, conversationId, messages)),
    get: (conversationId, id, call) =>
      read(call, async (step) => {
        const found = await findMessage(step, conversationId, id)
        return found?.deletedAt === undefined || call?.deleted === true ? found : undefined
      }),
    findByRequest: (conversationId, requestId, call) =>
      read(call, async (step) => {
        if (!(await isOpen(step, conversationId))) return []
        const sorted = { ...step.inside, sort: { requestStep: 1 } as const }
        const found = await step.in('messages').find({ conversationId, requestId }, sorted).toArray()
        return found.map(readMessage)
      }),
    history: (conversationId, query, call) =>
      read(call, async (step) => {
        checkHistory(query)
        if (!(await isOpen(step, conversationId))) return []
        const { limit, before = Infinity, thread, roles } = query
        const filter = {
          conversationId,
          shown: true,
          sequence: { $lt: before },
          ...(thread === undefined ? {} : { $or: [{ id: thread }, { parentId: thread }] }),
          ...(roles === undefined ? {} : { role: { $in: roles } }),
        }
        const newest = { ...step.inside, sort: { sequence: -1 } as const, limit }
        const found = await step.in('messages').find(filter, newest).toArray()
        return found.map(readMessage).toReversed()
      }),
    list: (conversationId, query, call) =>
      read(call, (step) => listMessages(step, conversationId, query ?? {})),
    search: (query, call) => read(call, (step) => searchMessages(step, query)),
    threads: (conversationId, query, call) =>
      read(call, (step) => threadsOf(step, conversationId, query ?? {})),
    update: (conversationId, id, patch, call) =>
      write(call, async (step) => {
        const message = await openMessage(step, conversationId, id)
        checkVersion(`message "${id}"`, message.version, call?.version)
        return save(step, patchMessage(message, patch, step.stamp.now))
      }),
    activate: (conversationId, change, call) => write(call, (step) => activate(step, conversationId, change)),
    ...removal(write),
  }
}

function removal(write: Run['write']): Pick<MessageStore, 'delete' | 'wipe'> {
  return {
    delete: (conversationId, id, call) =>
      write(call, async (step) => {
        await openConversation(step, conversationId)
        const message = await findMessage(step, conversationId, id)
        if (message === undefined || message.deletedAt !== undefined) return false
        await save(step, { ...message, deletedAt: step.stamp.now })
        await step.in('parts').deleteMany({ conversationId, messageId: id }, step.inside)
        await recount(step, conversationId, message.active ? -1 : 0)
        return true
      }),
    wipe: (conversationId, id, call) =>
      write(call, async (step) => {
        await openConversation(step, conversationId)
        const message = await findMessage(step, conversationId, id)
        if (message === undefined) return false
        await save(step, erasedMessage(message, step.stamp.now))
        await recount(step, conversationId, message.active && message.deletedAt === undefined ? -1 : 0)
        for (const name of ['reactions', 'parts'] as const)
          await step.in(name).deleteMany({ conversationId, messageId: id }, step.inside)
        return true
      }),
  }
}

// Fields that lists filter and sort by are stored beside the body.
function documentOf(record: StoredMessage): Document {
  const { conversationId, id, sequence, role, parentId = null, variantOf = null, active, createdAt } = record
  const { requestId, requestStep = 0, deletedAt = null, content } = record
  const text = typeof content === 'string' ? content : textOf(content)
  return {
    _id: keyOf(conversationId, id),
    conversationId,
    id,
    sequence,
    role,
    parentId,
    variantOf,
    active,
    createdAt,
    deletedAt,
    requestStep,
    requestId: requestId ?? null,
    requestKey: requestId === undefined ? null : keyOf(conversationId, requestId, requestStep),
    shown: active && deletedAt === null,
    words: searchTerms(text),
    body: JSON.stringify(record),
  }
}

function textOf(parts: Exclude<StoredMessage['content'], string>): string {
  return parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join(' ')
}

async function save(step: Step, record: StoredMessage): Promise<StoredMessage> {
  const { _id, ...fields } = documentOf(record)
  await step.in('messages').updateOne({ _id }, { $set: fields }, step.inside)
  return record
}

async function recount(step: Step, conversationId: string, difference: number): Promise<void> {
  const update = { $inc: { messageCount: difference } }
  if (difference !== 0) await step.in('conversations').updateOne({ _id: conversationId }, update, step.inside)
}

// All checks come before the first write, because a document database can only roll back whole transactions.
async function append(
  step: Step,
  conversationId: string,
  inputs: readonly NewMessage[],
): Promise<readonly StoredMessage[]> {
  const { lastSequence } = await openConversation(step, conversationId)
  const known = new Set<string>()
  const records = inputs.map((input, at) =>
    messageRecord(input, step.stamp, { conversationId, sequence: lastSequence + at + 1 }),
  )
  for (const record of records) {
    await checkPlace(step, record, known)
    known.add(record.id)
  }
  if (records.length === 0) return []
  await step.in('conversations').updateOne({ _id: conversationId }, countIn(records), step.inside)
  await step.in('messages').insertMany(records.map(documentOf), step.inside)
  return records
}

async function checkPlace(step: Step, record: StoredMessage, known: ReadonlySet<string>): Promise<void> {
  const { conversationId, id, requestId, requestStep = 0, parentId, variantOf } = record
  const messages = step.in('messages')
  const has = async (filter: object): Promise<boolean> =>
    (await messages.countDocuments({ conversationId, ...filter }, step.inside)) > 0
  if (known.has(id) || (await has({ id }))) throw alreadyExists('message', id)
  if (requestId !== undefined && (await has({ requestId, requestStep })))
    throw alreadyWritten('message', requestId)
  for (const other of [parentId, variantOf])
    if (other !== undefined && !known.has(other) && !(await has({ id: other })))
      throw notFound('message', other)
}

function countIn(records: readonly StoredMessage[]): object {
  const counts = records.map(usageCounts).reduce(addCounts, noCounts)
  const usage = Object.entries(counts).map(([name, value]) => [`counts.${name}`, value as number])
  return {
    $inc: {
      lastSequence: records.length,
      messageCount: records.filter(({ active }) => active).length,
      ...Object.fromEntries(usage),
    },
    $max: { lastActivityAt: Math.max(...records.map(({ createdAt }) => createdAt)) },
  }
}

async function activate(step: Step, conversationId: string, change: Activation): Promise<number> {
  checkActivation(change)
  const { on = [], off = [], offAfter = Infinity } = change
  await openConversation(step, conversationId)
  for (const id of [...on, ...off])
    if ((await findMessage(step, conversationId, id)) === undefined) throw notFound('message', id)
  const messages = step.in('messages')
  const leaving = {
    conversationId,
    active: true,
    id: { $nin: on },
    $or: [{ id: { $in: off } }, { sequence: { $gt: offAfter } }],
  }
  const coming = { conversationId, active: false, id: { $in: on } }
  const [less, more] = [
    await messages.countDocuments({ ...leaving, deletedAt: null }, step.inside),
    await messages.countDocuments({ ...coming, deletedAt: null }, step.inside),
  ]
  const left = await messages.updateMany(leaving, { $set: { active: false, shown: false } }, step.inside)
  const back = await messages.updateMany(coming, { $set: { active: true } }, step.inside)
  const shown = { conversationId, active: true, deletedAt: null, id: { $in: on } }
  await messages.updateMany(shown, { $set: { shown: true } }, step.inside)
  await recount(step, conversationId, more - less)
  return left.modifiedCount + back.modifiedCount
}

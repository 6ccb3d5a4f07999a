import {
  type Attachment,
  type AttachmentStore,
  attachmentRecord,
  type ChatTask,
  checkVersion,
  notFound,
  type Page,
  pageOf,
  type PageQuery,
  pageWindow,
  patchTask,
  type Summary,
  summaryRecord,
  type SummaryStore,
  alreadyExists,
  taskRecord,
  type TaskStore,
} from 'llm-switchyard/conversations/store-kit'
import type { Document } from './database.ts'
import { bodyOf, isOpen, keyOf, openConversation, openMessage, type Run, type Step } from './step.ts'

type PartType = 'attachment' | 'task' | 'summary'

interface Part {
  readonly conversationId: string
  readonly id: string
}

/** The next number in the order of a conversation's attachments, tasks and summaries. */
export async function nextPlace(step: Step, conversationId: string): Promise<number> {
  const conversations = step.in('conversations')
  await conversations.updateOne({ _id: conversationId }, { $inc: { places: 1 } }, step.inside)
  const found = await conversations.findOne({ _id: conversationId }, step.inside)
  return Number(found?.['places'])
}

async function add<T extends Part>(step: Step, type: PartType, record: T, fields: object = {}): Promise<T> {
  const { conversationId, id } = record
  const _id = keyOf(conversationId, type, id)
  if ((await step.in('parts').countDocuments({ _id }, step.inside)) > 0) throw alreadyExists(type, id)
  const place = await nextPlace(step, conversationId)
  const document = { _id, conversationId, type, id, place, body: JSON.stringify(record), ...fields }
  await step.in('parts').insertMany([document], step.inside)
  return record
}

async function find<T>(step: Step, type: PartType, { conversationId, id }: Part): Promise<T | undefined> {
  const found = await step.in('parts').findOne({ _id: keyOf(conversationId, type, id) }, step.inside)
  return found === null || !(await isOpen(step, conversationId)) ? undefined : (bodyOf(found) as T)
}

async function replace(step: Step, type: PartType, record: Part, fields: object = {}): Promise<void> {
  const _id = keyOf(record.conversationId, type, record.id)
  const update = { $set: { body: JSON.stringify(record), ...fields } }
  await step.in('parts').updateOne({ _id }, update, step.inside)
}

async function remove(step: Step, type: PartType, { conversationId, id }: Part): Promise<boolean> {
  await openConversation(step, conversationId)
  const filter = { _id: keyOf(conversationId, type, id) }
  return (await step.in('parts').deleteMany(filter, step.inside)).deletedCount > 0
}

interface PartList {
  readonly type: PartType
  readonly conversationId: string
  readonly filter?: object
  readonly sort: Readonly<Record<string, 1 | -1>>
  readonly key: (document: Document) => readonly number[]
  readonly behind: (after: readonly (string | number)[]) => object
}

async function list<T>(step: Step, query: PageQuery, by: PartList): Promise<Page<T>> {
  const window = pageWindow(query, by.type)
  if (!(await isOpen(step, by.conversationId))) return { items: [] }
  const filter = { conversationId: by.conversationId, type: by.type, ...by.filter }
  const parts = step.in('parts')
  const total = window.withTotal ? await parts.countDocuments(filter, step.inside) : undefined
  const from = window.after === undefined ? filter : { $and: [filter, by.behind(window.after)] }
  const paged = { ...step.inside, sort: by.sort, skip: window.offset, limit: window.limit + 1 }
  const found = await parts.find(from, paged).toArray()
  const { items, ...page } = pageOf(found, window, { list: by.type, key: by.key, total })
  return { ...page, items: items.map((document) => bodyOf(document) as T) }
}

const inOrder: Pick<PartList, 'sort' | 'key' | 'behind'> = {
  sort: { place: 1 },
  key: ({ place }) => [Number(place)],
  behind: ([place]) => ({ place: { $gt: place } }),
}

export function attachmentStore({ read, write }: Run): AttachmentStore {
  return {
    add: (conversationId, input, call) =>
      write(call, async (step) => {
        await openConversation(step, conversationId)
        const record = attachmentRecord(conversationId, input, step.stamp)
        const { messageId } = record
        if (messageId !== undefined) await openMessage(step, conversationId, messageId)
        return add(step, 'attachment', record, { messageId: messageId ?? null })
      }),
    get: (conversationId, id, call) => read(call, (step) => find(step, 'attachment', { conversationId, id })),
    list: (conversationId, query = {}, call) =>
      read(call, (step) => {
        const filter = query.messageId === undefined ? {} : { messageId: query.messageId }
        return list<Attachment>(step, query, { type: 'attachment', conversationId, filter, ...inOrder })
      }),
    link: (conversationId, { ids, messageId }, call) =>
      write(call, async (step) => {
        await openMessage(step, conversationId, messageId)
        const found: Attachment[] = []
        for (const id of ids) {
          const attachment = await find<Attachment>(step, 'attachment', { conversationId, id })
          if (attachment === undefined) throw notFound('attachment', id)
          found.push(attachment)
        }
        for (const attachment of found)
          await replace(step, 'attachment', { ...attachment, messageId } as Attachment, { messageId })
      }),
    delete: (conversationId, id, call) =>
      write(call, (step) => remove(step, 'attachment', { conversationId, id })),
  }
}

export function taskStore({ read, write }: Run): TaskStore {
  return {
    add: (conversationId, input, call) =>
      write(call, async (step) => {
        await openConversation(step, conversationId)
        return add(step, 'task', taskRecord(conversationId, input, step.stamp))
      }),
    update: (conversationId, id, patch, call) =>
      write(call, async (step) => {
        await openConversation(step, conversationId)
        const task = await find<ChatTask>(step, 'task', { conversationId, id })
        if (task === undefined) throw notFound('task', id)
        checkVersion(`task "${id}"`, task.version, call?.version)
        const next = patchTask(task, patch, step.stamp.now)
        await replace(step, 'task', next)
        return next
      }),
    list: (conversationId, call) =>
      read(call, async (step) => {
        const sorted = { ...step.inside, sort: { place: 1 } as const }
        if (!(await isOpen(step, conversationId))) return []
        const found = await step.in('parts').find({ conversationId, type: 'task' }, sorted).toArray()
        return found.map((document) => bodyOf(document) as ChatTask)
      }),
    delete: (conversationId, id, call) => write(call, (step) => remove(step, 'task', { conversationId, id })),
  }
}

export function summaryStore({ read, write }: Run): SummaryStore {
  const byReach = (conversationId: string): PartList => ({
    type: 'summary',
    conversationId,
    sort: { upToSequence: -1, place: -1 },
    key: ({ upToSequence, place }) => [Number(upToSequence), Number(place)],
    behind: ([reach, place]) => ({
      $or: [{ upToSequence: { $lt: reach } }, { upToSequence: reach, place: { $lt: place } }],
    }),
  })
  return {
    save: (conversationId, input, call) =>
      write(call, async (step) => {
        await openConversation(step, conversationId)
        const record = summaryRecord(conversationId, input, step.stamp)
        return add(step, 'summary', record, { upToSequence: record.upToSequence })
      }),
    latest: (conversationId, call) =>
      read(call, async (step) => {
        const { items } = await list<Summary>(step, { limit: 1 }, byReach(conversationId))
        return items[0]
      }),
    list: (conversationId, query, call) =>
      read(call, (step) => list<Summary>(step, query ?? {}, byReach(conversationId))),
  }
}

import {
  type Attachment,
  type AttachmentStore,
  attachmentRecord,
  type ChatTask,
  checkVersion,
  notFound,
  type Page,
  type PageQuery,
  patchTask,
  type Summary,
  summaryRecord,
  type SummaryStore,
  taskRecord,
  type TaskStore,
} from '../../conversations/storage/index.ts'
import { createCondition } from './condition.ts'
import { openConversation } from './conversation-rows.ts'
import { count, orNull, type SqlRow, text } from './executor.ts'
import { openFor, openMessage } from './message-rows.ts'
import type { SqlRun, SqlStep } from './run.ts'
import { type PageSelect, selectPage } from './select-page.ts'

/** A record and the position of its row in the table. */
interface Placed<T> {
  readonly place: number
  readonly record: T
}

function readPlaced<T>(row: SqlRow): Placed<T> {
  return { place: count(row, 'place'), record: JSON.parse(text(row, 'body')) as T }
}

/** Creates the attachments part of the store. */
export function attachmentStore({ read, write }: SqlRun): AttachmentStore {
  return {
    add: (conversationId, input, call) =>
      write(call, async (step) => {
        await openConversation(step, conversationId)
        const record = attachmentRecord(conversationId, input, step.stamp)
        const { id, messageId } = record
        if (messageId !== undefined) await openMessage(step, { conversationId, id: messageId })
        const into = `insert into ${step.dialect.table('attachments')} (conversation_id, id, message_id, body)`
        const values = [conversationId, id, orNull(messageId), JSON.stringify(record)]
        await step.session.query(`${into} values ($1, $2, $3, $4)`, values)
        return record
      }),
    get: (conversationId, id, call) =>
      read(call, async (step) => {
        const [found] = await bodies<Attachment>(step, 'attachments', { conversationId, id })
        return found
      }),
    list: (conversationId, query, call) =>
      read(call, (step) => listAttachments(step, conversationId, query ?? {})),
    link: (conversationId, change, call) => write(call, (step) => link(step, conversationId, change)),
    delete: (conversationId, id, call) =>
      write(call, (step) => remove(step, 'attachments', { conversationId, id })),
  }
}

type PartTable = 'attachments' | 'tasks'
interface PartKey {
  readonly conversationId: string
  readonly id: string
}

async function bodies<T>(
  { session, dialect }: SqlStep,
  table: PartTable,
  { conversationId, id }: PartKey,
): Promise<readonly T[]> {
  const where = `where conversation_id = $1 and id = $2 and ${openFor(dialect, 1)}`
  const rows = await session.query(`select body from ${dialect.table(table)} ${where}`, [conversationId, id])
  return rows.map((row) => JSON.parse(text(row, 'body')) as T)
}

async function remove(step: SqlStep, table: PartTable, { conversationId, id }: PartKey): Promise<boolean> {
  await openConversation(step, conversationId)
  const where = 'where conversation_id = $1 and id = $2 returning id'
  const from = `delete from ${step.dialect.table(table)} ${where}`
  return (await step.session.query(from, [conversationId, id])).length > 0
}

async function link(
  step: SqlStep,
  conversationId: string,
  { ids, messageId }: Parameters<AttachmentStore['link']>[1],
): Promise<void> {
  await openMessage(step, { conversationId, id: messageId })
  for (const id of ids) {
    const [found] = await bodies<Attachment>(step, 'attachments', { conversationId, id })
    if (found === undefined) throw notFound('attachment', id)
    const where = 'where conversation_id = $1 and id = $2'
    const update = `update ${step.dialect.table('attachments')} set message_id = $3, body = $4 ${where}`
    const body = JSON.stringify({ ...found, messageId })
    await step.session.query(update, [conversationId, id, messageId, body])
  }
}

async function listAttachments(
  step: SqlStep,
  conversationId: string,
  query: NonNullable<Parameters<AttachmentStore['list']>[1]>,
): ReturnType<AttachmentStore['list']> {
  const where = createCondition()
  where.add((place) => `p.conversation_id = $${place} and ${openFor(step.dialect, place)}`, conversationId)
  where.addIf((place) => `p.message_id = $${place}`, query.messageId)
  return placedPage<Attachment>(step, query, {
    list: 'attachments',
    where,
    sortBy: ['p.place'],
    direction: 'asc',
    key: ({ place }) => [place],
  })
}

type PlacedSelect<T> = Omit<PageSelect<Placed<T>>, 'list' | 'columns' | 'from' | 'read'> & {
  readonly list: 'attachments' | 'summaries'
}

async function placedPage<T>(step: SqlStep, query: PageQuery, select: PlacedSelect<T>): Promise<Page<T>> {
  const { items, ...page } = await selectPage<Placed<T>>(step, query, {
    ...select,
    columns: 'p.place, p.body',
    from: `from ${step.dialect.table(select.list)} p`,
    read: readPlaced,
  })
  return { ...page, items: items.map(({ record }) => record) }
}

/** Creates the tasks part of the store. */
export function taskStore({ read, write }: SqlRun): TaskStore {
  return {
    add: (conversationId, input, call) =>
      write(call, async (step) => {
        await openConversation(step, conversationId)
        const record = taskRecord(conversationId, input, step.stamp)
        const into = `insert into ${step.dialect.table('tasks')} (conversation_id, id, body)`
        const values = [conversationId, record.id, JSON.stringify(record)]
        await step.session.query(`${into} values ($1, $2, $3)`, values)
        return record
      }),
    update: (conversationId, id, patch, call) =>
      write(call, async (step) => {
        await openConversation(step, conversationId)
        const [task] = await bodies<ChatTask>(step, 'tasks', { conversationId, id })
        if (task === undefined) throw notFound('task', id)
        checkVersion(`task "${id}"`, task.version, call?.version)
        const next = patchTask(task, patch, step.stamp.now)
        const where = 'where conversation_id = $1 and id = $2'
        const update = `update ${step.dialect.table('tasks')} set body = $3 ${where}`
        await step.session.query(update, [conversationId, id, JSON.stringify(next)])
        return next
      }),
    list: (conversationId, call) =>
      read(call, async ({ session, dialect }) => {
        const where = `where conversation_id = $1 and ${openFor(dialect, 1)}`
        const select = `select place, body from ${dialect.table('tasks')} ${where} order by place`
        const rows = await session.query(select, [conversationId])
        return rows.map((row) => readPlaced<ChatTask>(row).record)
      }),
    delete: (conversationId, id, call) =>
      write(call, (step) => remove(step, 'tasks', { conversationId, id })),
  }
}

/** Creates the summaries part of the store. */
export function summaryStore({ read, write }: SqlRun): SummaryStore {
  return {
    save: (conversationId, input, call) =>
      write(call, async (step) => {
        await openConversation(step, conversationId)
        const record = summaryRecord(conversationId, input, step.stamp)
        const columns = '(conversation_id, id, up_to_sequence, body)'
        const into = `insert into ${step.dialect.table('summaries')} ${columns}`
        const values = [conversationId, record.id, record.upToSequence, JSON.stringify(record)]
        await step.session.query(`${into} values ($1, $2, $3, $4)`, values)
        return record
      }),
    latest: (conversationId, call) =>
      read(call, async (step) => {
        const { items } = await listSummaries(step, conversationId, { limit: 1 })
        return items[0]
      }),
    list: (conversationId, query, call) =>
      read(call, (step) => listSummaries(step, conversationId, query ?? {})),
  }
}

async function listSummaries(
  step: SqlStep,
  conversationId: string,
  query: NonNullable<Parameters<SummaryStore['list']>[1]>,
): ReturnType<SummaryStore['list']> {
  const where = createCondition()
  where.add((place) => `p.conversation_id = $${place} and ${openFor(step.dialect, place)}`, conversationId)
  return placedPage<Summary>(step, query, {
    list: 'summaries',
    where,
    sortBy: ['p.up_to_sequence', 'p.place'],
    direction: 'desc',
    key: ({ record, place }) => [record.upToSequence, place],
  })
}

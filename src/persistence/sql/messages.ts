import {
  checkHistory,
  checkVersion,
  type HistoryQuery,
  type MessageStore,
  patchMessage,
  type StoredMessage,
  erasedMessage,
} from '../../conversations/storage/index.ts'
import { activate } from './activation.ts'
import { appendMessages, recount } from './append.ts'
import { createCondition } from './condition.ts'
import { openConversation } from './conversation-rows.ts'
import { rolesCondition, listMessages, searchMessages, threadsOf } from './message-lists.ts'
import {
  findMessage,
  IN_HISTORY,
  messageColumns,
  openFor,
  openMessage,
  readMessage,
  updateMessage,
} from './message-rows.ts'
import type { SqlRun, SqlStep } from './run.ts'

/** Creates the messages part of the store. */
export function messageStore(run: SqlRun): MessageStore {
  const { read, write } = run
  return {
    append: (conversationId, inputs, call) => appendMessages(run, { conversationId, inputs, call }),
    get: (conversationId, id, call) =>
      read(call, async (step) => {
        const found = await findMessage(step, { conversationId, id }, step.inside)
        return found?.deletedAt === undefined || call?.deleted === true ? found : undefined
      }),
    findByRequest: (conversationId, requestId, call) =>
      read(call, async ({ session, dialect }) => {
        const where = `where m.conversation_id = $1 and m.request_id = $2 and ${openFor(dialect, 1)}`
        const select = `select ${messageColumns} from ${dialect.table('messages')} m ${where}`
        const rows = await session.query(`${select} order by m.request_step`, [conversationId, requestId])
        return rows.map(readMessage)
      }),
    history: (conversationId, query, call) => read(call, (step) => history(step, conversationId, query)),
    list: (conversationId, query, call) =>
      read(call, (step) => listMessages(step, conversationId, query ?? {})),
    search: (query, call) => read(call, (step) => searchMessages(step, query)),
    threads: (conversationId, query, call) =>
      read(call, (step) => threadsOf(step, conversationId, query ?? {})),
    update: (conversationId, id, patch, call) =>
      write(call, async (step) => {
        const message = await openMessage(step, { conversationId, id })
        checkVersion(`message "${id}"`, message.version, call?.version)
        const next = patchMessage(message, patch, step.stamp.now)
        await updateMessage(step, next, { words: patch.content !== undefined })
        return next
      }),
    activate: (conversationId, change, call) => write(call, (step) => activate(step, conversationId, change)),
    delete: (conversationId, id, call) =>
      write(call, async (step) => {
        await openConversation(step, conversationId)
        const message = await findMessage(step, { conversationId, id }, true)
        if (message === undefined || message.deletedAt !== undefined) return false
        await updateMessage(step, { ...message, deletedAt: step.stamp.now }, { words: false })
        await removeOf(step, 'attachments', { conversationId, id })
        await recount(step, conversationId, message.active ? -1 : 0)
        return true
      }),
    wipe: (conversationId, id, call) => write(call, (step) => wipe(step, conversationId, id)),
  }
}

async function wipe(step: SqlStep, conversationId: string, id: string): Promise<boolean> {
  await openConversation(step, conversationId)
  const message = await findMessage(step, { conversationId, id }, true)
  if (message === undefined) return false
  await updateMessage(step, erasedMessage(message, step.stamp.now), { words: true })
  for (const table of ['reactions', 'attachments'] as const)
    await removeOf(step, table, { conversationId, id })
  await recount(step, conversationId, message.active && message.deletedAt === undefined ? -1 : 0)
  return true
}

async function removeOf(
  { session, dialect }: SqlStep,
  table: 'reactions' | 'attachments',
  { conversationId, id }: { readonly conversationId: string; readonly id: string },
): Promise<void> {
  const where = 'where conversation_id = $1 and message_id = $2'
  await session.query(`delete from ${dialect.table(table)} ${where}`, [conversationId, id])
}

/** Reads the newest messages backwards along a partial index of the history. */
async function history(
  { session, dialect }: SqlStep,
  conversationId: string,
  query: HistoryQuery,
): Promise<readonly StoredMessage[]> {
  checkHistory(query)
  const { limit, before, thread, roles } = query
  const where = createCondition()
  where.add((place) => `m.conversation_id = $${place}`, conversationId)
  where.addSql(`${IN_HISTORY} and ${openFor(dialect, 1)}`)
  where.addIf((place) => `m.sequence < $${place}`, before)
  where.addIf((place) => `(m.parent_id = $${place} or m.id = $${place})`, thread)
  if (roles !== undefined) where.addSql(rolesCondition(roles))
  const from = `from ${dialect.table('messages')} m ${where.sql} order by m.sequence desc limit ${limit}`
  const rows = await session.query(`select ${messageColumns} ${from}`, where.values)
  return rows.map(readMessage).toReversed()
}

import {
  checkMessages,
  checkSearch,
  type MessageQuery,
  type MessageSearch,
  type Page,
  type PageQuery,
  pageWindow,
  type StoredMessage,
  type StoredRole,
  type Thread,
} from '../../conversations/storage/index.ts'
import { createCondition, type Condition } from './condition.ts'
import { takesPart } from './conversation-list.ts'
import { count, type SqlRow } from './executor.ts'
import { IN_HISTORY, messageColumns, openFor, readMessage } from './message-rows.ts'
import type { SqlStep } from './run.ts'
import { selectPage } from './select-page.ts'

/** Returns the condition for any of these roles, as literals so that the partial index on system messages applies. */
export function rolesCondition(roles: readonly StoredRole[]): string {
  return roles.length === 0 ? '1 = 0' : `m.role in (${roles.map((role) => `'${role}'`).join(', ')})`
}

/** Lists the messages of one conversation. */
export async function listMessages(
  step: SqlStep,
  conversationId: string,
  query: MessageQuery,
): Promise<Page<StoredMessage>> {
  checkMessages(query)
  const { order = 'oldest' } = query
  const where = filter(conversationId, query)
  where.addSql(openFor(step.dialect, 1))
  return selectPage(step, query, {
    list: `messages, ${order} first`,
    columns: messageColumns,
    from: `from ${step.dialect.table('messages')} m`,
    where,
    sortBy: ['m.sequence'],
    direction: order === 'oldest' ? 'asc' : 'desc',
    key: ({ sequence }) => [sequence],
    read: readMessage,
  })
}

function filter(conversationId: string, query: MessageQuery): Condition {
  const { parentId, variantsOf, roles, after, before, inactive = false, deleted = false } = query
  const where = createCondition()
  where.add((place) => `m.conversation_id = $${place}`, conversationId)
  if (!inactive && variantsOf === undefined) where.addSql('m.active = 1')
  if (!deleted) where.addSql('m.deleted_at is null')
  if (parentId === null) where.addSql('m.parent_id is null')
  else where.addIf((place) => `m.parent_id = $${place}`, parentId)
  where.addIf((place) => `(m.id = $${place} or m.variant_of = $${place})`, variantsOf)
  where.addIf((place) => `m.sequence > $${place}`, after)
  where.addIf((place) => `m.sequence < $${place}`, before)
  if (roles !== undefined) where.addSql(rolesCondition(roles))
  return where
}

/** Finds messages that contain all the words, newest first. */
export async function searchMessages(step: SqlStep, query: MessageSearch): Promise<Page<StoredMessage>> {
  const words = checkSearch(query)
  const list = 'found messages'
  const { dialect } = step
  if (words.length === 0) {
    const { withTotal } = pageWindow(query, list)
    return { items: [], ...(withTotal ? { total: 0 } : {}) }
  }
  const { conversationId, participantId } = query
  const where = createCondition()
  where.add((place) => dialect.search.where(place), dialect.search.value(words, conversationId))
  where.addSql(`${IN_HISTORY} and c.deleted_at is null`)
  where.addIf((place) => `m.conversation_id = $${place}`, conversationId)
  where.addIf((place) => takesPart(dialect.table('members'), place), participantId)
  const join = `join ${dialect.table('conversations')} c on c.id = m.conversation_id ${dialect.search.join}`
  return selectPage(step, query, {
    list,
    columns: messageColumns,
    from: `from ${dialect.table('messages')} m ${join}`,
    where,
    sortBy: ['m.created_at', 'm.conversation_id', 'm.sequence'],
    direction: 'desc',
    key: (one) => [one.createdAt, one.conversationId, one.sequence],
    read: readMessage,
  })
}

/** Lists messages that have replies, oldest first. */
export async function threadsOf(
  step: SqlStep,
  conversationId: string,
  query: PageQuery,
): Promise<Page<Thread>> {
  const { dialect } = step
  const messages = dialect.table('messages')
  const replies = `select r.parent_id as root_id, count(*) as reply_count, max(r.created_at) as last_reply_at
    from ${messages} r
    where r.conversation_id = $1 and r.parent_id is not null and r.active = 1 and r.deleted_at is null
    group by r.parent_id`
  const where = createCondition()
  where.add((place) => `m.conversation_id = $${place}`, conversationId)
  where.addSql(`${IN_HISTORY} and ${openFor(dialect, 1)}`)
  return selectPage(step, query, {
    list: 'threads',
    columns: `${messageColumns}, t.reply_count, t.last_reply_at`,
    from: `from ${messages} m join (${replies}) t on t.root_id = m.id`,
    where,
    sortBy: ['m.sequence'],
    direction: 'asc',
    key: ({ root }) => [root.sequence],
    read: readThread,
  })
}

function readThread(row: SqlRow): Thread {
  return {
    root: readMessage(row),
    replyCount: count(row, 'reply_count'),
    lastReplyAt: count(row, 'last_reply_at'),
  }
}

import {
  checkMessages,
  checkSearch,
  type MessageQuery,
  type MessageSearch,
  type Page,
  pageOf,
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

/** The condition of one of these roles, written out so that the index of system messages may serve. */
export function rolesCondition(roles: readonly StoredRole[]): string {
  return roles.length === 0 ? '1 = 0' : `m.role in (${roles.map((role) => `'${role}'`).join(', ')})`
}

/** Messages of one conversation. */
export async function listMessages(
  { session, dialect }: SqlStep,
  conversationId: string,
  query: MessageQuery,
): Promise<Page<StoredMessage>> {
  checkMessages(query)
  const { order = 'oldest' } = query
  const list = `messages, ${order} first`
  const window = pageWindow(query, list)
  const where = filter(conversationId, query)
  where.say(openFor(dialect, 1))
  const from = `from ${dialect.table('messages')} m`
  const total = window.withTotal
    ? count((await session.query(`select count(*) as n ${from} ${where.sql}`, where.values))[0], 'n')
    : undefined
  const [sign, direction] = order === 'oldest' ? ['>', 'asc'] : ['<', 'desc']
  where.addIf((place) => `m.sequence ${sign} $${place}`, window.after?.[0])
  const paged = `order by m.sequence ${direction} limit ${window.limit + 1} offset ${window.offset}`
  const rows = await session.query(`select ${messageColumns} ${from} ${where.sql} ${paged}`, where.values)
  return pageOf(rows.map(readMessage), window, { list, key: ({ sequence }) => [sequence], total })
}

function filter(conversationId: string, query: MessageQuery): Condition {
  const { parentId, variantsOf, roles, after, before, inactive = false, deleted = false } = query
  const where = createCondition()
  where.add((place) => `m.conversation_id = $${place}`, conversationId)
  if (!inactive && variantsOf === undefined) where.say('m.active = 1')
  if (!deleted) where.say('m.deleted_at is null')
  if (parentId === null) where.say('m.parent_id is null')
  else where.addIf((place) => `m.parent_id = $${place}`, parentId)
  where.addIf((place) => `(m.id = $${place} or m.variant_of = $${place})`, variantsOf)
  where.addIf((place) => `m.sequence > $${place}`, after)
  where.addIf((place) => `m.sequence < $${place}`, before)
  if (roles !== undefined) where.say(rolesCondition(roles))
  return where
}

/** Messages that have all the words, newest first. */
export async function searchMessages(
  { session, dialect }: SqlStep,
  query: MessageSearch,
): Promise<Page<StoredMessage>> {
  const words = checkSearch(query)
  const list = 'found messages'
  const window = pageWindow(query, list)
  if (words.length === 0) return { items: [], ...(window.withTotal ? { total: 0 } : {}) }
  const { conversationId, participantId } = query
  const where = createCondition()
  where.add((place) => dialect.search.where(place), dialect.search.value(words, conversationId))
  where.say(`${IN_HISTORY} and c.deleted_at is null`)
  where.addIf((place) => `m.conversation_id = $${place}`, conversationId)
  where.addIf((place) => takesPart(dialect.table('members'), place), participantId)
  const join = `join ${dialect.table('conversations')} c on c.id = m.conversation_id ${dialect.search.join}`
  const from = `from ${dialect.table('messages')} m ${join}`
  const total = window.withTotal
    ? count((await session.query(`select count(*) as n ${from} ${where.sql}`, where.values))[0], 'n')
    : undefined
  if (window.after !== undefined) {
    const [at, id, sequence] = window.after.map((part) => where.value(part))
    const key = '(m.created_at, m.conversation_id, m.sequence)'
    where.say(`${key} < ($${at}, $${id}, $${sequence})`)
  }
  const order = 'order by m.created_at desc, m.conversation_id desc, m.sequence desc'
  const paged = `${order} limit ${window.limit + 1} offset ${window.offset}`
  const rows = await session.query(`select ${messageColumns} ${from} ${where.sql} ${paged}`, where.values)
  const key = (one: StoredMessage): readonly [number, string, number] => [
    one.createdAt,
    one.conversationId,
    one.sequence,
  ]
  return pageOf(rows.map(readMessage), window, { list, key, total })
}

/** Messages that have replies, oldest first. */
export async function threadsOf(
  { session, dialect }: SqlStep,
  conversationId: string,
  query: PageQuery,
): Promise<Page<Thread>> {
  const window = pageWindow(query, 'threads')
  const messages = dialect.table('messages')
  const replies = `select r.parent_id as root_id, count(*) as reply_count, max(r.created_at) as last_reply_at
    from ${messages} r
    where r.conversation_id = $1 and r.parent_id is not null and r.active = 1 and r.deleted_at is null
    group by r.parent_id`
  const where = createCondition()
  where.add((place) => `m.conversation_id = $${place}`, conversationId)
  where.say(`${IN_HISTORY} and ${openFor(dialect, 1)}`)
  const from = `from ${messages} m join (${replies}) t on t.root_id = m.id`
  const total = window.withTotal
    ? count((await session.query(`select count(*) as n ${from} ${where.sql}`, where.values))[0], 'n')
    : undefined
  where.addIf((place) => `m.sequence > $${place}`, window.after?.[0])
  const paged = `order by m.sequence limit ${window.limit + 1} offset ${window.offset}`
  const columns = `${messageColumns}, t.reply_count, t.last_reply_at`
  const rows = await session.query(`select ${columns} ${from} ${where.sql} ${paged}`, where.values)
  const found = rows.map(readThread)
  return pageOf(found, window, { list: 'threads', key: ({ root }) => [root.sequence], total })
}

function readThread(row: SqlRow): Thread {
  return {
    root: readMessage(row),
    replyCount: count(row, 'reply_count'),
    lastReplyAt: count(row, 'last_reply_at'),
  }
}

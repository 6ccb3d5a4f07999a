import {
  groupReactions,
  type Reaction,
  reactionRecord,
  type ReactionKey,
  type ReactionStore,
} from '../../conversations/storage/index.ts'
import { count, type SqlRow, text } from './executor.ts'
import { openFor, openMessage } from './message-rows.ts'
import type { SqlRun, SqlStep } from './run.ts'

/** Creates the reactions part of the store; the key of the table keeps reactions unique. */
export function reactionStore({ read, write }: SqlRun): ReactionStore {
  return {
    toggle: (conversationId, key, call) =>
      write(call, async (step) => {
        const record = await openReaction(step, conversationId, key)
        return (await insert(step, record)) || !(await remove(step, record))
      }),
    add: (conversationId, key, call) =>
      write(call, async (step) => insert(step, await openReaction(step, conversationId, key))),
    remove: (conversationId, key, call) =>
      write(call, async (step) => remove(step, await openReaction(step, conversationId, key))),
    list: (conversationId, messageId, call) =>
      read(call, (step) => reactionsTo(step, conversationId, [messageId])),
    groups: (conversationId, messageIds, call) =>
      read(call, async (step) => groupReactions(await reactionsTo(step, conversationId, messageIds))),
  }
}

// Locking the message serializes concurrent reactions to it.
async function openReaction(step: SqlStep, conversationId: string, key: ReactionKey): Promise<Reaction> {
  const record = reactionRecord(conversationId, key, step.stamp.now)
  await openMessage(step, { conversationId, id: key.messageId })
  return record
}

async function insert({ session, dialect }: SqlStep, record: Reaction): Promise<boolean> {
  const columns = '(conversation_id, message_id, user_id, emoji, created_at)'
  const into = `insert into ${dialect.table('reactions')} ${columns} values ($1, $2, $3, $4, $5)`
  const { conversationId, messageId, userId, emoji, createdAt } = record
  const values = [conversationId, messageId, userId, emoji, createdAt]
  return (await session.query(`${into} on conflict do nothing returning place`, values)).length > 0
}

async function remove({ session, dialect }: SqlStep, record: Reaction): Promise<boolean> {
  const where = 'where conversation_id = $1 and message_id = $2 and user_id = $3 and emoji = $4'
  const from = `delete from ${dialect.table('reactions')} ${where} returning place`
  const { conversationId, messageId, userId, emoji } = record
  return (await session.query(from, [conversationId, messageId, userId, emoji])).length > 0
}

async function reactionsTo(
  { session, dialect }: SqlStep,
  conversationId: string,
  messageIds: readonly string[],
): Promise<readonly Reaction[]> {
  if (messageIds.length === 0) return []
  const join = 'm.conversation_id = r.conversation_id and m.id = r.message_id and m.deleted_at is null'
  const from = `from ${dialect.table('reactions')} r join ${dialect.table('messages')} m on ${join}`
  const where = `where r.conversation_id = $1 and ${dialect.listed('r.message_id', 2)} and ${openFor(dialect, 1)}`
  const columns = 'r.conversation_id, r.message_id, r.user_id, r.emoji, r.created_at'
  const select = `select ${columns} ${from} ${where} order by r.place`
  return (await session.query(select, [conversationId, JSON.stringify(messageIds)])).map(readReaction)
}

function readReaction(row: SqlRow): Reaction {
  return {
    conversationId: text(row, 'conversation_id'),
    messageId: text(row, 'message_id'),
    userId: text(row, 'user_id'),
    emoji: text(row, 'emoji'),
    createdAt: count(row, 'created_at'),
  }
}

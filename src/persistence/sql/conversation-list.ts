import {
  checkScope,
  type Conversation,
  type ConversationQuery,
  type Page,
  pageOf,
  pageWindow,
  titleTerms,
} from '../../conversations/storage/index.ts'
import { createCondition, type Condition } from './condition.ts'
import { conversationColumns, readConversation } from './conversation-rows.ts'
import { count } from './executor.ts'
import type { SqlStep } from './run.ts'

/** Conversations by owner, participant, organisation or project, newest first. */
export async function listConversations(
  { session, dialect }: SqlStep,
  query: ConversationQuery,
): Promise<Page<Conversation>> {
  checkScope(query)
  const { sortBy = 'activity' } = query
  const list = `conversations by ${sortBy}`
  const column = sortBy === 'created' ? 'c.created_at' : 'c.last_activity_at'
  const window = pageWindow(query, list)
  const where = filter(query, dialect.table('members'))
  const from = `from ${dialect.table('conversations')} c`
  const total = window.withTotal
    ? count((await session.query(`select count(*) as n ${from} ${where.sql}`, where.values))[0], 'n')
    : undefined
  if (window.after !== undefined) {
    const [at = 0, id = ''] = window.after
    const place = where.value(at)
    where.add((next) => `(${column} < $${place} or (${column} = $${place} and c.id < $${next}))`, id)
  }
  const paged = `order by ${column} desc, c.id desc limit ${window.limit + 1} offset ${window.offset}`
  const rows = await session.query(
    `select ${conversationColumns} ${from} ${where.sql} ${paged}`,
    where.values,
  )
  const key = (record: Conversation): readonly [number, string] => [
    sortBy === 'created' ? record.createdAt : record.lastActivityAt,
    record.id,
  ]
  return pageOf(rows.map(readConversation), window, { list, key, total })
}

function filter(query: ConversationQuery, members: string): Condition {
  const where = createCondition()
  where.say(query.deleted === true ? 'c.deleted_at is not null' : 'c.deleted_at is null')
  where.addIf((place) => `c.user_id = $${place}`, query.userId)
  where.addIf((place) => takesPart(members, place), query.participantId)
  where.addIf((place) => `c.org_id = $${place}`, query.orgId)
  where.addIf((place) => `c.project_id = $${place}`, query.projectId)
  where.addIf((place) => `c.status = $${place}`, query.status)
  where.addIf((place) => `c.persona_id = $${place}`, query.personaId)
  where.addIf((place) => `c.parent_id = $${place}`, query.parentId)
  const words = titleTerms(query)
  if (words?.length === 0) where.say('1 = 0')
  // Words hold letters and digits only: nothing that `like` would read as a pattern.
  for (const word of words ?? []) where.add((place) => `c.title_words like $${place}`, `% ${word}%`)
  return where
}

/** A condition: the user at `$place` owns conversation `c` or is a member of it. */
export function takesPart(members: string, place: number): string {
  const memberships = `select m.conversation_id from ${members} m where m.user_id = $${place}`
  return `(c.user_id = $${place} or c.id in (${memberships}))`
}

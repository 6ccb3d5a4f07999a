import {
  checkScope,
  type Conversation,
  type ConversationQuery,
  type Page,
  titleTerms,
} from '../../conversations/storage/index.ts'
import { createCondition, type Condition } from './condition.ts'
import { conversationColumns, readConversation } from './conversation-rows.ts'
import type { SqlStep } from './run.ts'
import { selectPage } from './select-page.ts'

/** Lists conversations by owner, participant, organisation or project, newest first. */
export async function listConversations(
  step: SqlStep,
  query: ConversationQuery,
): Promise<Page<Conversation>> {
  checkScope(query)
  const { sortBy = 'activity' } = query
  const column = sortBy === 'created' ? 'c.created_at' : 'c.last_activity_at'
  return selectPage(step, query, {
    list: `conversations by ${sortBy}`,
    columns: conversationColumns,
    from: `from ${step.dialect.table('conversations')} c`,
    where: filter(query, step.dialect.table('members')),
    sortBy: [column, 'c.id'],
    direction: 'desc',
    key: (record) => [sortBy === 'created' ? record.createdAt : record.lastActivityAt, record.id],
    read: readConversation,
  })
}

function filter(query: ConversationQuery, members: string): Condition {
  const where = createCondition()
  where.addSql(query.deleted === true ? 'c.deleted_at is not null' : 'c.deleted_at is null')
  where.addIf((place) => `c.user_id = $${place}`, query.userId)
  where.addIf((place) => takesPart(members, place), query.participantId)
  where.addIf((place) => `c.org_id = $${place}`, query.orgId)
  where.addIf((place) => `c.project_id = $${place}`, query.projectId)
  where.addIf((place) => `c.status = $${place}`, query.status)
  where.addIf((place) => `c.persona_id = $${place}`, query.personaId)
  where.addIf((place) => `c.parent_id = $${place}`, query.parentId)
  const words = titleTerms(query)
  if (words?.length === 0) where.addSql('1 = 0')
  // Words contain only letters and digits, so `like` finds no wildcard in them.
  for (const word of words ?? []) where.add((place) => `c.title_words like $${place}`, `% ${word}%`)
  return where
}

/** Returns the condition that the user at `$place` owns conversation `c` or is a member of it. */
export function takesPart(members: string, place: number): string {
  const memberships = `select m.conversation_id from ${members} m where m.user_id = $${place}`
  return `(c.user_id = $${place} or c.id in (${memberships}))`
}

import { omitUndefined, type Conversation, notFound, searchTerms } from '../../conversations/storage/index.ts'
import {
  count,
  optional,
  optionalCount,
  orNull,
  places,
  type SqlRow,
  type SqlValue,
  text,
} from './executor.ts'
import type { SqlStep } from './run.ts'
import { readUsage, usageColumns } from './usage-columns.ts'

/** Fields that no query sorts, filters or counts by. They are stored as JSON, which can hold any text. */
type Body = Pick<
  Conversation,
  'title' | 'summary' | 'model' | 'temperature' | 'rating' | 'metadata' | 'members' | 'forkedFromMessageId'
>

/** Columns that an update writes. */
const CHANGING: readonly string[] = [
  'org_id',
  'project_id',
  'persona_id',
  'parent_id',
  'status',
  'title_words',
  'version',
  'updated_at',
  'last_activity_at',
  'deleted_at',
  'body',
]
const FIXED: readonly string[] = ['id', 'user_id', 'root_id', 'request_id', 'created_at']
const COUNTED: readonly string[] = ['message_count', 'last_sequence', ...usageColumns]

/** Columns to select for `readConversation`. */
export const conversationColumns: string = [...FIXED, ...CHANGING, ...COUNTED]
  .filter((column) => column !== 'title_words')
  .map((column) => `c.${column}`)
  .join(', ')

/** Converts a row to a record. */
export function readConversation(row: SqlRow): Conversation {
  const body = JSON.parse(text(row, 'body')) as Body
  return omitUndefined({
    ...body,
    id: text(row, 'id'),
    userId: text(row, 'user_id'),
    orgId: optional(row, 'org_id'),
    projectId: optional(row, 'project_id'),
    personaId: optional(row, 'persona_id'),
    parentId: optional(row, 'parent_id'),
    rootId: text(row, 'root_id'),
    requestId: optional(row, 'request_id'),
    status: text(row, 'status') as Conversation['status'],
    messageCount: count(row, 'message_count'),
    lastSequence: count(row, 'last_sequence'),
    usage: readUsage(row),
    version: count(row, 'version'),
    createdAt: count(row, 'created_at'),
    updatedAt: count(row, 'updated_at'),
    lastActivityAt: count(row, 'last_activity_at'),
    deletedAt: optionalCount(row, 'deleted_at'),
  })
}

function changingValues(record: Conversation): readonly SqlValue[] {
  const { title, summary, model, temperature, rating, metadata, members, forkedFromMessageId } = record
  const body: Body = {
    title,
    summary,
    model,
    temperature,
    rating,
    metadata,
    members,
    forkedFromMessageId,
  }
  return [
    orNull(record.orgId),
    orNull(record.projectId),
    orNull(record.personaId),
    orNull(record.parentId),
    record.status,
    ` ${searchTerms(title ?? '').join(' ')}`,
    record.version,
    record.updatedAt,
    record.lastActivityAt,
    orNull(record.deletedAt),
    JSON.stringify(body),
  ]
}

/** Inserts a conversation. */
export async function insertConversation({ session, dialect }: SqlStep, record: Conversation): Promise<void> {
  const columns = [...FIXED, ...CHANGING, ...COUNTED]
  const fixed = [record.id, record.userId, record.rootId, orNull(record.requestId), record.createdAt]
  const values = [...fixed, ...changingValues(record), ...COUNTED.map(() => 0)]
  const table = dialect.table('conversations')
  await session.query(
    `insert into ${table} (${columns.join(', ')}) values ${places(1, columns.length)}`,
    values,
  )
}

/** Updates the columns that may change. */
export async function updateConversation({ session, dialect }: SqlStep, record: Conversation): Promise<void> {
  const sets = CHANGING.map((column, at) => `${column} = $${at + 2}`).join(', ')
  const table = dialect.table('conversations')
  await session.query(`update ${table} set ${sets} where id = $1`, [record.id, ...changingValues(record)])
}

/** Finds a conversation, deleted or not. `lock` locks its row until the transaction ends. */
export async function findConversation(
  { session, dialect }: SqlStep,
  id: string,
  lock: boolean,
): Promise<Conversation | undefined> {
  const select = `select ${conversationColumns} from ${dialect.table('conversations')} c where c.id = $1`
  const [row] = await session.query(lock ? select + dialect.lockRows('c') : select, [id])
  return row === undefined ? undefined : readConversation(row)
}

/** Finds and locks a conversation for a change. Rejects with `not-found` if it is unknown or deleted. */
export async function openConversation(step: SqlStep, id: string): Promise<Conversation> {
  const found = await findConversation(step, id, true)
  if (found === undefined || found.deletedAt !== undefined) throw notFound('conversation', id)
  return found
}

import { plainText } from '../../core/message.ts'
import {
  omitUndefined,
  notFound,
  searchTerms,
  type StoredMessage,
} from '../../conversations/storage/index.ts'
import type { SqlDialect, WordsOf } from './dialect.ts'
import {
  count,
  optional,
  optionalCount,
  orNull,
  places,
  type SqlRow,
  type SqlSession,
  type SqlValue,
  text,
} from './executor.ts'
import type { SqlStep } from './run.ts'

/** Fields that no query sorts, filters or counts by. They are stored as JSON, which can hold any text. */
type Body = Omit<StoredMessage, keyof Keyed>
type Keyed = Pick<
  StoredMessage,
  | 'conversationId'
  | 'sequence'
  | 'id'
  | 'role'
  | 'parentId'
  | 'variantOf'
  | 'active'
  | 'requestId'
  | 'requestStep'
  | 'version'
  | 'createdAt'
  | 'deletedAt'
>

const COLUMNS: readonly string[] = [
  'conversation_id',
  'sequence',
  'id',
  'role',
  'parent_id',
  'variant_of',
  'active',
  'request_id',
  'request_step',
  'version',
  'created_at',
  'deleted_at',
  'body',
]

/** Columns to select for `readMessage`. */
export const messageColumns: string = COLUMNS.map((column) => `m.${column}`).join(', ')

/** Condition of messages in the history. Must equal the condition of the partial index. */
export const IN_HISTORY = 'm.active = 1 and m.deleted_at is null'

/** Returns the condition that the conversation with its id at `$place` is not deleted. */
export function openFor(dialect: SqlDialect, place: number): string {
  const table = dialect.table('conversations')
  return `exists (select 1 from ${table} c where c.id = $${place} and c.deleted_at is null)`
}

/** Converts a row to a record. */
export function readMessage(row: SqlRow): StoredMessage {
  const body = JSON.parse(text(row, 'body')) as Body
  return omitUndefined({
    ...body,
    conversationId: text(row, 'conversation_id'),
    sequence: count(row, 'sequence'),
    id: text(row, 'id'),
    role: text(row, 'role') as StoredMessage['role'],
    parentId: optional(row, 'parent_id'),
    variantOf: optional(row, 'variant_of'),
    active: count(row, 'active') === 1,
    requestId: optional(row, 'request_id'),
    requestStep: optionalCount(row, 'request_step'),
    version: count(row, 'version'),
    createdAt: count(row, 'created_at'),
    deletedAt: optionalCount(row, 'deleted_at'),
  })
}

function bodyOf(record: StoredMessage): string {
  const { conversationId: _1, sequence: _2, id: _3, role: _4, parentId: _5, variantOf: _6, ...rest } = record
  const { active: _7, requestId: _8, requestStep: _9, version: _10, ...less } = rest
  const { createdAt: _11, deletedAt: _12, ...body } = less
  return JSON.stringify(body satisfies Body)
}

function rowOf(record: StoredMessage): readonly SqlValue[] {
  return [
    record.conversationId,
    record.sequence,
    record.id,
    record.role,
    orNull(record.parentId),
    orNull(record.variantOf),
    record.active ? 1 : 0,
    orNull(record.requestId),
    orNull(record.requestStep),
    record.version,
    record.createdAt,
    orNull(record.deletedAt),
    bodyOf(record),
  ]
}

/** Returns the words by which search finds a message. */
export function wordsOf({ content }: StoredMessage): readonly string[] {
  return searchTerms(plainText(content, ' '))
}

function entryOf(record: StoredMessage): WordsOf {
  return { conversationId: record.conversationId, sequence: record.sequence, words: wordsOf(record) }
}

/** Maximum number of messages per insert statement. */
export const CHUNK = 50

/** Inserts messages. */
export async function insertMessages(
  { session, dialect }: SqlStep,
  all: readonly StoredMessage[],
): Promise<void> {
  const { search } = dialect
  const columns = search.column === undefined ? COLUMNS : [...COLUMNS, search.column]
  const insert = `insert into ${dialect.table('messages')} (${columns.join(', ')})`
  for (let from = 0; from < all.length; from += CHUNK) {
    const records = all.slice(from, from + CHUNK)
    const values = records.flatMap((record) =>
      search.column === undefined ? rowOf(record) : [...rowOf(record), search.columnValue(wordsOf(record))],
    )
    await session.query(`${insert} values ${places(records.length, columns.length)}`, values)
    await search.note?.(session, records.map(entryOf))
  }
}

const NUMBERS: ReadonlySet<string> = new Set([
  'sequence',
  'active',
  'request_step',
  'version',
  'created_at',
  'deleted_at',
])

/**
 * Builds an insert whose sequences follow the `last_sequence` that `source` returns. Its placeholders start at `first`.
 * The statement returns the sequence of the first message.
 */
export function insertBehind(
  { dialect }: SqlStep,
  records: readonly StoredMessage[],
  { source, first }: { readonly source: string; readonly first: number },
): { readonly sql: string; readonly values: readonly SqlValue[] } {
  const columns = [...COLUMNS, 'words']
  const values = records.flatMap((record) => [...rowOf(record), dialect.search.columnValue(wordsOf(record))])
  const typed = columns.map((column) => {
    if (column === 'sequence') return `s.last_sequence - ${records.length} + v.sequence::bigint`
    if (column === 'words') return 'v.words::tsvector'
    return NUMBERS.has(column) ? `v.${column}::${column === 'active' ? 'smallint' : 'bigint'}` : `v.${column}`
  })
  const rows = `(values ${places(records.length, columns.length, first)}) v (${columns.join(', ')})`
  const into = `insert into ${dialect.table('messages')} (${columns.join(', ')})`
  const inserted = `${into} select ${typed.join(', ')} from ${source} s cross join ${rows} returning sequence`
  const lowest = 'select min(sequence) as sequence from inserted having count(*) > 0'
  return {
    sql: `, inserted as (${inserted}) ${lowest}`,
    values: values.map((one) => (one === null ? null : String(one))),
  }
}

/** Updates the columns that may change, and the search words if the content changed. */
export async function updateMessage(
  { session, dialect }: SqlStep,
  record: StoredMessage,
  { words }: { readonly words: boolean },
): Promise<void> {
  const table = dialect.table('messages')
  const set = 'set version = $3, deleted_at = $4, body = $5'
  const values = [record.version, orNull(record.deletedAt), bodyOf(record)]
  await session.query(`update ${table} ${set} where conversation_id = $1 and sequence = $2`, [
    record.conversationId,
    record.sequence,
    ...values,
  ])
  if (words) await dialect.search.replace(session, entryOf(record))
}

/** Identifies a message within a conversation. */
export interface MessageKey {
  readonly conversationId: string
  readonly id: string
}

/** Finds a message of a conversation that is not deleted. `lock` locks its row. */
export async function findMessage(
  { session, dialect }: { readonly session: SqlSession; readonly dialect: SqlDialect },
  { conversationId, id }: MessageKey,
  lock: boolean,
): Promise<StoredMessage | undefined> {
  const where = `where m.conversation_id = $1 and m.id = $2 and ${openFor(dialect, 1)}`
  const select = `select ${messageColumns} from ${dialect.table('messages')} m ${where}`
  const [row] = await session.query(lock ? select + dialect.lockRows('m') : select, [conversationId, id])
  return row === undefined ? undefined : readMessage(row)
}

/** Finds and locks a message for a change. Rejects with `not-found` if it is unknown or deleted. */
export async function openMessage(step: SqlStep, key: MessageKey): Promise<StoredMessage> {
  const found = await findMessage(step, key, true)
  if (found === undefined || found.deletedAt !== undefined) throw notFound('message', key.id)
  return found
}

import {
  addCounts,
  messageRecord,
  notFound,
  type NewMessage,
  noCounts,
  type StoreCall,
  type StoredMessage,
  usageCounts,
} from '../../conversations/storage/index.ts'
import { count, type SqlValue } from './executor.ts'
import { CHUNK, insertBehind, insertMessages } from './message-rows.ts'
import type { SqlRun, SqlStep } from './run.ts'
import { addUsage, usageValues } from './usage-columns.ts'

/** Appends messages. Updating the conversation row assigns their sequences and makes concurrent appends wait. */
export async function appendMessages(
  { write, writeOnce }: SqlRun,
  { conversationId, inputs, call }: Append,
): Promise<readonly StoredMessage[]> {
  // Related messages are looked up between the update and the insert.
  const related = inputs.some(({ parentId, variantOf }) => parentId !== undefined || variantOf !== undefined)
  const small = inputs.length > 0 && inputs.length <= CHUNK
  const run = small && !related ? writeOnce : write
  return run(call, async (step) => {
    const records = inputs.map((input, at) =>
      messageRecord(input, step.stamp, { conversationId, sequence: at + 1 }),
    )
    const once = small && !related && step.dialect.oneStatement
    const first = once
      ? await appendAtOnce(step, conversationId, records)
      : await takePlaces(step, conversationId, records)
    const placed = records.map((record) => ({ ...record, sequence: first + record.sequence }))
    if (once) return placed
    await checkRelations(step, conversationId, placed)
    await insertMessages(step, placed)
    return placed
  })
}

/** What to append to which conversation. */
export interface Append {
  readonly conversationId: string
  readonly inputs: readonly NewMessage[]
  readonly call: StoreCall | undefined
}

interface Counting {
  readonly sql: string
  readonly values: readonly SqlValue[]
}

/** Builds the statement that adds the messages to the counts of their conversation and returns its last sequence. */
function counting({ dialect }: SqlStep, conversationId: string, records: readonly StoredMessage[]): Counting {
  const sets = [
    'last_sequence = last_sequence + $2',
    'message_count = message_count + $3',
    'last_activity_at = case when last_activity_at < $4 then $4 else last_activity_at end',
    addUsage('', 5),
  ].join(', ')
  const where = 'where id = $1 and deleted_at is null returning last_sequence'
  const active = records.filter((record) => record.active).length
  const latest = Math.max(0, ...records.map(({ createdAt }) => createdAt))
  const usage = usageValues(records.map(usageCounts).reduce(addCounts, noCounts))
  return {
    sql: `update ${dialect.table('conversations')} set ${sets} ${where}`,
    values: [conversationId, records.length, active, latest, ...usage],
  }
}

/** Reserves sequences, and returns the last one before the messages. */
async function takePlaces(
  step: SqlStep,
  conversationId: string,
  records: readonly StoredMessage[],
): Promise<number> {
  const { sql, values } = counting(step, conversationId, records)
  const [row] = await step.session.query(sql, values)
  if (row === undefined) throw notFound('conversation', conversationId)
  return count(row, 'last_sequence') - records.length
}

/** Counts and inserts in one statement, so in one round trip. Returns the last sequence before the messages. */
async function appendAtOnce(
  step: SqlStep,
  conversationId: string,
  records: readonly StoredMessage[],
): Promise<number> {
  const { sql, values } = counting(step, conversationId, records)
  const insert = insertBehind(step, records, { source: 'counted', first: values.length + 1 })
  const [row] = await step.session.query(`with counted as (${sql}) ${insert.sql}`, [
    ...values,
    ...insert.values,
  ])
  if (row === undefined) throw notFound('conversation', conversationId)
  return count(row, 'sequence') - 1
}

async function checkRelations(
  { session, dialect }: SqlStep,
  conversationId: string,
  records: readonly StoredMessage[],
): Promise<void> {
  const own = new Map(records.map(({ id, sequence }) => [id, sequence]))
  const asked = records.flatMap(({ parentId, variantOf, sequence }) =>
    [parentId, variantOf].filter(
      (id): id is string => id !== undefined && (own.get(id) ?? Infinity) >= sequence,
    ),
  )
  if (asked.length === 0) return
  const where = `where m.conversation_id = $1 and ${dialect.listed('m.id', 2)}`
  const found = await session.query(`select m.id from ${dialect.table('messages')} m ${where}`, [
    conversationId,
    JSON.stringify(asked),
  ])
  const known = new Set(found.map(({ id }) => id))
  const lost = asked.find((id) => !known.has(id))
  if (lost !== undefined) throw notFound('message', lost)
}

/** Changes the message count of a conversation. */
export async function recount(
  { session, dialect }: SqlStep,
  conversationId: string,
  difference: number,
): Promise<void> {
  if (difference === 0) return
  const update = `update ${dialect.table('conversations')} set message_count = message_count + $2 where id = $1`
  await session.query(update, [conversationId, difference])
}

import { type Activation, checkActivation, notFound } from '../../conversations/storage/index.ts'
import { recount } from './append.ts'
import { createCondition } from './condition.ts'
import { openConversation } from './conversation-rows.ts'
import type { SqlStep } from './run.ts'

/** Activates and deactivates messages. Returns how many changed. Rejects with `not-found` if an id is unknown. */
export async function activate(step: SqlStep, conversationId: string, change: Activation): Promise<number> {
  checkActivation(change)
  const { on = [], off = [], offAfter } = change
  await openConversation(step, conversationId)
  await checkKnown(step, conversationId, [...on, ...off])
  const { session, dialect } = step
  const set = async (active: 0 | 1, ids: readonly string[], after?: number): Promise<readonly boolean[]> => {
    const where = createCondition()
    where.add((place) => `conversation_id = $${place}`, conversationId)
    where.addSql(`active = ${1 - active}`)
    const listed = dialect.listed('id', where.value(JSON.stringify(ids)))
    if (after === undefined) where.addSql(listed)
    else {
      // Messages in `on` stay active, and must not count as changed twice.
      const kept = dialect.listed('id', where.value(JSON.stringify(on)))
      where.add((place) => `(${listed} or sequence > $${place}) and not (${kept})`, after)
    }
    const update = `update ${dialect.table('messages')} set active = ${active} ${where.sql} returning deleted_at`
    const rows = await session.query(update, where.values)
    return rows.map((row) => row['deleted_at'] === null)
  }
  const left = await set(
    0,
    off.filter((id) => !on.includes(id)),
    offAfter,
  )
  const back = await set(1, on)
  const difference = back.filter(Boolean).length - left.filter(Boolean).length
  await recount(step, conversationId, difference)
  return left.length + back.length
}

async function checkKnown(
  { session, dialect }: SqlStep,
  conversationId: string,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return
  const where = `where m.conversation_id = $1 and ${dialect.listed('m.id', 2)}`
  const select = `select m.id from ${dialect.table('messages')} m ${where}`
  const known = new Set(
    (await session.query(select, [conversationId, JSON.stringify(ids)])).map(({ id }) => id),
  )
  const lost = ids.find((id) => !known.has(id))
  if (lost !== undefined) throw notFound('message', lost)
}

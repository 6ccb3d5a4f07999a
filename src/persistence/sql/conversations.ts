import {
  checkMember,
  checkVersion,
  omitUndefined,
  type Conversation,
  conversationRecord,
  type ConversationStore,
  notFound,
  type NewConversation,
  patchConversation,
  userOf,
} from '../../conversations/storage/index.ts'
import {
  conversationColumns,
  findConversation,
  insertConversation,
  openConversation,
  readConversation,
  updateConversation,
} from './conversation-rows.ts'
import { listConversations } from './conversation-list.ts'
import { places } from './executor.ts'
import type { SqlRun, SqlStep } from './run.ts'

/** Creates the conversations part of the store. */
export function conversationStore({ read, write }: SqlRun): ConversationStore {
  return {
    create: (input, call) => write(call, (step) => create(step, input)),
    get: (id, call) =>
      read(call, async (step) => {
        const found = await findConversation(step, id, step.inside)
        return found?.deletedAt === undefined || call?.deleted === true ? found : undefined
      }),
    findByRequest: (user, requestId, call) =>
      read(call, async ({ session, dialect }) => {
        const where = "where c.user_id = $1 and c.request_id = $2 and coalesce(c.org_id, '') = $3"
        const select = `select ${conversationColumns} from ${dialect.table('conversations')} c ${where}`
        const { userId, orgId = '' } = userOf(user)
        const [row] = await session.query(select, [userId, requestId, orgId])
        return row === undefined ? undefined : readConversation(row)
      }),
    list: (query, call) => read(call, (step) => listConversations(step, query)),
    update: (id, patch, call) =>
      write(call, async (step) => {
        const record = await openConversation(step, id)
        checkVersion(`conversation "${id}"`, record.version, call?.version)
        return replace(step, patchConversation(record, patch, step.stamp.now))
      }),
    titleOnce: (id, title, call) =>
      write(call, async (step) => {
        const record = await openConversation(step, id)
        if (record.title !== undefined) return false
        await replace(step, patchConversation(record, { title }, step.stamp.now))
        return true
      }),
    setMember: (id, member, call) =>
      write(call, (step) =>
        changeMembers(step, id, (members, owner) => {
          const checked = checkMember(member, owner)
          const at = members.findIndex(({ userId }) => userId === checked.userId)
          return at === -1 ? [...members, checked] : members.with(at, checked)
        }),
      ),
    removeMember: (id, userId, call) =>
      write(call, (step) =>
        changeMembers(step, id, (members) => members.filter((member) => member.userId !== userId)),
      ),
    ...removal(write),
  }
}

function removal(write: SqlRun['write']): Pick<ConversationStore, 'delete' | 'restore' | 'erase'> {
  const mark = async (step: SqlStep, id: string, deletedAt: number | null): Promise<boolean> => {
    const before = deletedAt === null ? 'is not null' : 'is null'
    const set = `set deleted_at = $2 where id = $1 and deleted_at ${before}`
    const update = `update ${step.dialect.table('conversations')} ${set} returning id`
    return (await step.session.query(update, [id, deletedAt])).length > 0
  }
  return {
    delete: (id, call) => write(call, (step) => mark(step, id, step.stamp.now)),
    restore: (id, call) => write(call, (step) => mark(step, id, null)),
    erase: (id, call) =>
      write(call, async ({ session, dialect }) => {
        // The foreign keys delete what belongs to it and clear the parent of its forks.
        const remove = `delete from ${dialect.table('conversations')} where id = $1 returning id`
        return (await session.query(remove, [id])).length > 0
      }),
  }
}

async function create(step: SqlStep, input: NewConversation): Promise<Conversation> {
  const { parentId } = input
  const parent = parentId === undefined ? undefined : await findConversation(step, parentId, false)
  if (parentId !== undefined && (parent === undefined || parent.deletedAt !== undefined))
    throw notFound('conversation', parentId)
  const record = conversationRecord(input, step.stamp, parent?.rootId)
  await insertConversation(step, record)
  await insertMembers(step, record)
  return record
}

async function replace(step: SqlStep, record: Conversation): Promise<Conversation> {
  await updateConversation(step, record)
  return omitUndefined(record)
}

async function insertMembers({ session, dialect }: SqlStep, { id, members }: Conversation): Promise<void> {
  if (members.length === 0) return
  const insert = `insert into ${dialect.table('members')} (conversation_id, user_id)`
  const values = members.flatMap(({ userId }) => [id, userId])
  await session.query(`${insert} values ${places(members.length, 2)}`, values)
}

async function changeMembers(
  step: SqlStep,
  id: string,
  change: (members: Conversation['members'], owner: string) => Conversation['members'],
): Promise<Conversation> {
  const record = await openConversation(step, id)
  const members = change(record.members, record.userId)
  const next = { ...record, members, version: record.version + 1, updatedAt: step.stamp.now }
  const table = step.dialect.table('members')
  await step.session.query(`delete from ${table} where conversation_id = $1`, [id])
  await insertMembers(step, next)
  return replace(step, next)
}

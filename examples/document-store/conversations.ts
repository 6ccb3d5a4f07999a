import {
  checkMember,
  checkScope,
  checkVersion,
  omitUndefined,
  type Conversation,
  type ConversationQuery,
  conversationRecord,
  type ConversationStore,
  type NewConversation,
  noCounts,
  type Page,
  pageOf,
  pageWindow,
  patchConversation,
  searchTerms,
  alreadyExists,
  titleTerms,
  alreadyWritten,
  userKeyText,
} from 'llm-switchyard/conversations/store-kit'
import type { Filter } from './database.ts'
import { bodyOf, keyOf, openConversation, readConversation, type Run, type Step } from './step.ts'

export function conversationStore({ read, write }: Run): ConversationStore {
  return {
    create: (input, call) => write(call, (step) => create(step, input)),
    get: (id, call) =>
      read(call, async (step) => {
        const filter = call?.deleted === true ? { _id: id } : { _id: id, deletedAt: null }
        const found = await step.in('conversations').findOne(filter, step.inside)
        return found === null ? undefined : readConversation(found)
      }),
    findByRequest: (user, requestId, call) =>
      read(call, async (step) => {
        const filter = { requestKey: keyOf(userKeyText(user), requestId) }
        const found = await step.in('conversations').findOne(filter, step.inside)
        return found === null ? undefined : readConversation(found)
      }),
    list: (query, call) => read(call, (step) => list(step, query)),
    update: (id, patch, call) =>
      write(call, async (step) => {
        const record = await openConversation(step, id)
        checkVersion(`conversation "${id}"`, record.version, call?.version)
        return save(step, patchConversation(record, patch, step.stamp.now))
      }),
    titleOnce: (id, title, call) =>
      write(call, async (step) => {
        const record = await openConversation(step, id)
        if (record.title !== undefined) return false
        await save(step, patchConversation(record, { title }, step.stamp.now))
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
    delete: (id, call) => write(call, (step) => mark(step, { _id: id, deletedAt: null }, step.stamp.now)),
    restore: (id, call) => write(call, (step) => mark(step, { _id: id, deletedAt: { $ne: null } }, null)),
    erase: (id, call) => write(call, (step) => erase(step, id)),
  }
}

// Fields that lists filter and sort by are stored beside the body.
function fieldsOf(record: Conversation): object {
  const { userId, orgId = null, projectId = null, personaId = null, parentId = null, status } = record
  const { createdAt, lastActivityAt, members, title = '' } = record
  return {
    userId,
    orgId,
    projectId,
    personaId,
    parentId,
    status,
    createdAt,
    lastActivityAt,
    participants: [userId, ...members.map((member) => member.userId)],
    words: searchTerms(title),
    body: JSON.stringify(record),
  }
}

async function create(step: Step, input: NewConversation): Promise<Conversation> {
  const { parentId } = input
  const parent = parentId === undefined ? undefined : await openConversation(step, parentId)
  const record = conversationRecord(input, step.stamp, parent?.rootId)
  const conversations = step.in('conversations')
  // Checked before the insert, because a failing insert would abort the whole transaction.
  if ((await conversations.countDocuments({ _id: record.id }, step.inside)) > 0)
    throw alreadyExists('conversation', record.id)
  const requestKey = record.requestId === undefined ? null : keyOf(userKeyText(record), record.requestId)
  if (requestKey !== null && (await conversations.countDocuments({ requestKey }, step.inside)) > 0)
    throw alreadyWritten('conversation', record.requestId ?? '')
  const counters = { messageCount: 0, lastSequence: 0, counts: noCounts, deletedAt: null }
  await conversations.insertMany(
    [{ _id: record.id, requestKey, ...counters, ...fieldsOf(record) }],
    step.inside,
  )
  return record
}

async function save(step: Step, record: Conversation): Promise<Conversation> {
  const next = omitUndefined(record)
  await step.in('conversations').updateOne({ _id: record.id }, { $set: fieldsOf(next) }, step.inside)
  return next
}

async function changeMembers(
  step: Step,
  id: string,
  change: (members: Conversation['members'], owner: string) => Conversation['members'],
): Promise<Conversation> {
  const record = await openConversation(step, id)
  const members = change(record.members, record.userId)
  return save(step, { ...record, members, version: record.version + 1, updatedAt: step.stamp.now })
}

async function mark(step: Step, filter: Filter, deletedAt: number | null): Promise<boolean> {
  const { modifiedCount } = await step
    .in('conversations')
    .updateOne(filter, { $set: { deletedAt } }, step.inside)
  return modifiedCount > 0
}

async function erase(step: Step, id: string): Promise<boolean> {
  const { deletedCount } = await step.in('conversations').deleteMany({ _id: id }, step.inside)
  for (const name of ['messages', 'reactions', 'parts'] as const)
    await step.in(name).deleteMany({ conversationId: id }, step.inside)
  const forks = await step.in('conversations').find({ parentId: id }, step.inside).toArray()
  for (const fork of forks) {
    const { parentId: _parentId, ...record } = bodyOf(fork) as Conversation
    const update = { $set: { parentId: null, body: JSON.stringify(record) } }
    await step.in('conversations').updateOne({ _id: fork._id }, update, step.inside)
  }
  return deletedCount > 0
}

async function list(step: Step, query: ConversationQuery): Promise<Page<Conversation>> {
  checkScope(query)
  const { sortBy = 'activity', userId, participantId, orgId, projectId, status, personaId, parentId } = query
  const field = sortBy === 'created' ? 'createdAt' : 'lastActivityAt'
  const name = `conversations by ${sortBy}`
  const window = pageWindow(query, name)
  const words = titleTerms(query)
  const filter = omitUndefined({
    userId,
    orgId,
    projectId,
    status,
    personaId,
    parentId,
    participants: participantId,
    deletedAt: query.deleted === true ? { $ne: null } : null,
    $and: [{}, ...(words ?? []).map((word) => ({ words: { $regex: `^${word}` } }))],
    ...(words?.length === 0 ? { _id: { $in: [] } } : {}),
  })
  const total = window.withTotal
    ? await step.in('conversations').countDocuments(filter, step.inside)
    : undefined
  const [at, id] = window.after ?? []
  const behind = { $or: [{ [field]: { $lt: at } }, { [field]: at, _id: { $lt: id } }] }
  const paged = { sort: { [field]: -1, _id: -1 } as const, skip: window.offset, limit: window.limit + 1 }
  const found = await step
    .in('conversations')
    .find(window.after === undefined ? filter : { ...filter, ...behind }, { ...step.inside, ...paged })
    .toArray()
  const key = (record: Conversation): readonly [number, string] => [record[field], record.id]
  return pageOf(found.map(readConversation), window, { list: name, key, total })
}

import {
  checkMessages,
  checkSearch,
  omitUndefined,
  type MessageQuery,
  type MessageSearch,
  type Page,
  pageOf,
  type PageQuery,
  pageWindow,
  type StoredMessage,
  type Thread,
} from 'llm-switchyard/conversations/store-kit'
import type { Filter } from './database.ts'
import { isOpen, readMessage, type Step } from './step.ts'

export async function listMessages(
  step: Step,
  conversationId: string,
  query: MessageQuery,
): Promise<Page<StoredMessage>> {
  checkMessages(query)
  const { order = 'oldest', parentId, variantsOf, roles, after = 0, before = Infinity } = query
  const list = `messages, ${order} first`
  const window = pageWindow(query, list)
  if (!(await isOpen(step, conversationId))) return { items: [] }
  const filter = omitUndefined({
    conversationId,
    parentId,
    active: query.inactive === true || variantsOf !== undefined ? undefined : true,
    deletedAt: query.deleted === true ? undefined : null,
    role: roles === undefined ? undefined : { $in: roles },
    $or: variantsOf === undefined ? undefined : [{ id: variantsOf }, { variantOf: variantsOf }],
    sequence: { $gt: after, $lt: before },
  })
  const messages = step.in('messages')
  const total = window.withTotal ? await messages.countDocuments(filter, step.inside) : undefined
  const behind = { sequence: order === 'oldest' ? { $gt: window.after?.[0] } : { $lt: window.after?.[0] } }
  const from = window.after === undefined ? filter : { $and: [filter, behind] }
  const sort = { sequence: order === 'oldest' ? 1 : -1 } as const
  const paged = { ...step.inside, sort, skip: window.offset, limit: window.limit + 1 }
  const found = await messages.find(from, paged).toArray()
  return pageOf(found.map(readMessage), window, { list, key: ({ sequence }) => [sequence], total })
}

export async function searchMessages(step: Step, query: MessageSearch): Promise<Page<StoredMessage>> {
  const words = checkSearch(query)
  const list = 'found messages'
  const window = pageWindow(query, list)
  const within = await searchedConversations(step, query)
  const filter: Filter = {
    conversationId: { $in: words.length === 0 ? [] : within },
    shown: true,
    $and: words.map((word) => ({ words: { $regex: `^${word}` } })),
  }
  const total = window.withTotal ? await step.in('messages').countDocuments(filter, step.inside) : undefined
  const [at, id, sequence] = window.after ?? []
  const behind = {
    $or: [
      { createdAt: { $lt: at } },
      { createdAt: at, conversationId: { $lt: id } },
      { createdAt: at, conversationId: id, sequence: { $lt: sequence } },
    ],
  }
  const from = window.after === undefined ? filter : { $and: [filter, behind] }
  const sort = { createdAt: -1, conversationId: -1, sequence: -1 } as const
  const paged = { ...step.inside, sort, skip: window.offset, limit: window.limit + 1 }
  const found = await step.in('messages').find(from, paged).toArray()
  const key = (one: StoredMessage): readonly (string | number)[] => [
    one.createdAt,
    one.conversationId,
    one.sequence,
  ]
  return pageOf(found.map(readMessage), window, { list, key, total })
}

async function searchedConversations(
  step: Step,
  { conversationId, participantId }: MessageSearch,
): Promise<readonly string[]> {
  const filter = omitUndefined({ _id: conversationId, participants: participantId, deletedAt: null })
  const found = await step.in('conversations').find(filter, step.inside).toArray()
  return found.map(({ _id }) => _id)
}

export async function threadsOf(step: Step, conversationId: string, query: PageQuery): Promise<Page<Thread>> {
  const window = pageWindow(query, 'threads')
  if (!(await isOpen(step, conversationId))) return { items: [] }
  const sorted = { ...step.inside, sort: { sequence: 1 } as const }
  const filter = { conversationId, shown: true, parentId: { $ne: null } }
  const replies = (await step.in('messages').find(filter, sorted).toArray()).map(readMessage)
  const byRoot = Map.groupBy(replies, ({ parentId = '' }) => parentId)
  const roots = { conversationId, shown: true, id: { $in: [...byRoot.keys()] } }
  const threads = (await step.in('messages').find(roots, sorted).toArray()).map((document): Thread => {
    const root = readMessage(document)
    const own = byRoot.get(root.id) ?? []
    return { root, replyCount: own.length, lastReplyAt: Math.max(...own.map(({ createdAt }) => createdAt)) }
  })
  const after = Number(window.after?.[0] ?? 0)
  const rest = threads.filter(({ root }) => root.sequence > after).slice(window.offset)
  const total = window.withTotal ? threads.length : undefined
  return pageOf(rest, window, { list: 'threads', key: ({ root }) => [root.sequence], total })
}

import { plainText } from '../../core/message.ts'
import {
  checkMessages,
  checkSearch,
  type MessageQuery,
  type MessageSearch,
  type Page,
  pageOf,
  type PageQuery,
  pageWindow,
  searchTerms,
  type StoredMessage,
  type Thread,
} from '../storage/index.ts'
import { isInHistory } from './activation.ts'
import { type Context, messageOf } from './context.ts'
import { takesPart } from './conversations.ts'
import type { Bucket } from './state.ts'

/** Lists the messages of one conversation. */
export function listMessages(bucket: Bucket | undefined, query: MessageQuery): Page<StoredMessage> {
  checkMessages(query)
  const { order = 'oldest' } = query
  const list = `messages, ${order} first`
  const window = pageWindow(query, list)
  const found = (bucket?.messages ?? []).filter((message) => isAsked(message, query))
  const sorted = order === 'oldest' ? found : found.toReversed()
  const after = window.after?.[0] as number | undefined
  const behind = ({ sequence }: StoredMessage): boolean =>
    order === 'oldest' ? sequence > (after as number) : sequence < (after as number)
  const rest = after === undefined ? sorted.slice(window.offset) : sorted.filter(behind)
  const total = window.withTotal ? found.length : undefined
  return pageOf(rest, window, { list, key: ({ sequence }) => [sequence], total })
}

function isAsked(message: StoredMessage, query: MessageQuery): boolean {
  const { parentId, variantsOf, roles, after = 0, before = Infinity } = query
  if (message.sequence <= after || message.sequence >= before) return false
  if (message.deletedAt !== undefined && query.deleted !== true) return false
  if (!message.active && query.inactive !== true && variantsOf === undefined) return false
  if (parentId !== undefined && (message.parentId ?? null) !== parentId) return false
  if (variantsOf !== undefined && message.id !== variantsOf && message.variantOf !== variantsOf) return false
  return roles === undefined || roles.includes(message.role)
}

/** Finds messages that contain all the words, newest first. */
export function searchMessages({ state }: Context, query: MessageSearch): Page<StoredMessage> {
  const words = checkSearch(query)
  const list = 'found messages'
  const window = pageWindow(query, list)
  const found: StoredMessage[] = []
  for (const { conversation, messages } of words.length === 0 ? [] : state.buckets.values()) {
    const { conversationId = conversation.id, participantId } = query
    if (conversation.deletedAt !== undefined || conversation.id !== conversationId) continue
    if (participantId !== undefined && !takesPart(conversation, participantId)) continue
    found.push(...messages.filter((message) => isInHistory(message) && hasWords(message, words)))
  }
  found.sort((a, b) => newestFirst(placeOf(a), placeOf(b)))
  const { after } = window
  const rest =
    after === undefined
      ? found.slice(window.offset)
      : found.filter((message) => newestFirst(placeOf(message), after as Place) > 0)
  return pageOf(rest, window, { list, key: placeOf, total: window.withTotal ? found.length : undefined })
}

function hasWords({ content }: StoredMessage, words: readonly string[]): boolean {
  const held = searchTerms(plainText(content, ' '))
  return words.every((word) => held.some((one) => one.startsWith(word)))
}

type Place = readonly [createdAt: number, conversationId: string, sequence: number]

function placeOf({ createdAt, conversationId, sequence }: StoredMessage): Place {
  return [createdAt, conversationId, sequence]
}

function newestFirst(a: Place, b: Place): number {
  if (a[0] !== b[0]) return b[0] - a[0]
  if (a[1] !== b[1]) return a[1] < b[1] ? 1 : -1
  return b[2] - a[2]
}

/** Lists messages that have replies, oldest first. */
export function threadsOf(bucket: Bucket | undefined, query: PageQuery): Page<Thread> {
  const window = pageWindow(query, 'threads')
  const replies = new Map<string, StoredMessage[]>()
  for (const message of bucket?.messages ?? []) {
    if (message.parentId === undefined || !isInHistory(message)) continue
    replies.set(message.parentId, [...(replies.get(message.parentId) ?? []), message])
  }
  const threads = [...replies]
    .map(([id, all]): Thread => {
      const root = messageOf(bucket as Bucket, id) as StoredMessage
      return { root, replyCount: all.length, lastReplyAt: Math.max(...all.map((reply) => reply.createdAt)) }
    })
    .filter(({ root }) => isInHistory(root))
    .toSorted((a, b) => a.root.sequence - b.root.sequence)
  const after = window.after?.[0] as number | undefined
  const rest =
    after === undefined ? threads.slice(window.offset) : threads.filter(({ root }) => root.sequence > after)
  const total = window.withTotal ? threads.length : undefined
  return pageOf(rest, window, { list: 'threads', key: ({ root }) => [root.sequence], total })
}

import {
  checkMember,
  checkScope,
  checkVersion,
  omitUndefined,
  type Conversation,
  type ConversationQuery,
  conversationRecord,
  type ConversationStore,
  noCounts,
  pageOf,
  pageWindow,
  patchConversation,
  searchTerms,
  alreadyExists,
  titleTerms,
  alreadyWritten,
  userKeyText,
  type UserReference,
} from '../storage/index.ts'
import { type Context, frozen, openBucket, putConversation, type RunStep, withUsage } from './context.ts'
import { type Bucket, emptyBucket } from './state.ts'

/** Creates the conversations part of the store. */
export function conversationStore(step: RunStep): ConversationStore {
  return {
    create: (input, call) => step(call, (context) => create(context, input)),
    get: (id, call) =>
      step(call, ({ state }) => {
        const bucket = state.buckets.get(id)
        const hidden = bucket?.conversation.deletedAt !== undefined && call?.deleted !== true
        return bucket === undefined || hidden ? undefined : withUsage(bucket)
      }),
    findByRequest: (user, requestId, call) =>
      step(call, (context) => {
        const found = ofRequest(context, user, requestId)
        return found?.conversation.deletedAt === undefined && found !== undefined
          ? withUsage(found)
          : undefined
      }),
    list: (query, call) => step(call, (context) => list(context, query)),
    update: (id, patch, call) =>
      step(call, (context) => {
        const bucket = openBucket(context, id)
        checkVersion(`conversation "${id}"`, bucket.conversation.version, call?.version)
        return replace(context, bucket, patchConversation(bucket.conversation, patch, context.stamp.now))
      }),
    titleOnce: (id, title, call) =>
      step(call, (context) => {
        const bucket = openBucket(context, id)
        if (bucket.conversation.title !== undefined) return false
        replace(context, bucket, patchConversation(bucket.conversation, { title }, context.stamp.now))
        return true
      }),
    setMember: (id, member, call) =>
      step(call, (context) =>
        changeMembers(context, id, (members, owner) => {
          const checked = checkMember(member, owner)
          const at = members.findIndex(({ userId }) => userId === checked.userId)
          return at === -1 ? [...members, checked] : members.with(at, checked)
        }),
      ),
    removeMember: (id, userId, call) =>
      step(call, (context) =>
        changeMembers(context, id, (members) => members.filter((member) => member.userId !== userId)),
      ),
    ...removal(step),
  }
}

function removal(step: RunStep): Pick<ConversationStore, 'delete' | 'restore' | 'erase'> {
  return {
    delete: (id, call) =>
      step(call, (context) => {
        const bucket = context.state.buckets.get(id)
        if (bucket === undefined || bucket.conversation.deletedAt !== undefined) return false
        putConversation(context, bucket, { deletedAt: context.stamp.now })
        return true
      }),
    restore: (id, call) =>
      step(call, (context) => {
        const bucket = context.state.buckets.get(id)
        if (bucket?.conversation.deletedAt === undefined) return false
        const { deletedAt: _deletedAt, ...conversation } = bucket.conversation
        replace(context, bucket, conversation)
        return true
      }),
    erase: (id, call) =>
      step(call, (context) => {
        const { state, journal } = context
        if (!state.buckets.has(id)) return false
        journal.drop(state.buckets, id)
        for (const fork of state.buckets.values()) {
          if (fork.conversation.parentId !== id) continue
          const { parentId: _parentId, ...conversation } = fork.conversation
          replace(context, fork, conversation)
        }
        return true
      }),
  }
}

function create(context: Context, input: Parameters<ConversationStore['create']>[0]): Conversation {
  const { state, journal, stamp } = context
  const parent = input.parentId === undefined ? undefined : openBucket(context, input.parentId)
  const record = conversationRecord(input, stamp, parent?.conversation.rootId)
  if (state.buckets.has(record.id)) throw alreadyExists('conversation', record.id)
  if (record.requestId !== undefined && ofRequest(context, record, record.requestId) !== undefined)
    throw alreadyWritten('conversation', record.requestId)
  const bucket = emptyBucket(frozen(record), noCounts)
  journal.put(state.buckets, record.id, bucket)
  return withUsage(bucket)
}

function replace({ state, journal }: Context, bucket: Bucket, conversation: Conversation): Conversation {
  const next = { ...bucket, conversation: frozen(omitUndefined(conversation)) }
  journal.put(state.buckets, conversation.id, next)
  return withUsage(next)
}

function ofRequest({ state }: Context, user: UserReference, requestId: string): Bucket | undefined {
  const key = userKeyText(user)
  for (const bucket of state.buckets.values()) {
    const { conversation } = bucket
    if (conversation.requestId === requestId && userKeyText(conversation) === key) return bucket
  }
  return undefined
}

function changeMembers(
  context: Context,
  id: string,
  change: (members: Conversation['members'], owner: string) => Conversation['members'],
): Conversation {
  const bucket = openBucket(context, id)
  const { conversation } = bucket
  const members = change(conversation.members, conversation.userId)
  const version = conversation.version + 1
  return replace(context, bucket, { ...conversation, members, version, updatedAt: context.stamp.now })
}

function list({ state }: Context, query: ConversationQuery): Awaited<ReturnType<ConversationStore['list']>> {
  checkScope(query)
  const { sortBy = 'activity' } = query
  const name = `conversations by ${sortBy}`
  const window = pageWindow(query, name)
  const key = (record: Conversation): readonly [number, string] => [
    sortBy === 'created' ? record.createdAt : record.lastActivityAt,
    record.id,
  ]
  const words = titleTerms(query)
  const found = [...state.buckets.values()]
    .filter(({ conversation }) => matches(conversation, query, words))
    .toSorted((a, b) => -compare(key(a.conversation), key(b.conversation)))
  const rest =
    window.after === undefined
      ? found.slice(window.offset)
      : found.filter(({ conversation }) => compare(key(conversation), window.after as [number, string]) < 0)
  const shown = rest.slice(0, window.limit + 1).map(withUsage)
  return pageOf(shown, window, { list: name, key, total: window.withTotal ? found.length : undefined })
}

function matches(
  record: Conversation,
  query: ConversationQuery,
  words: readonly string[] | undefined,
): boolean {
  const { userId, participantId, orgId, projectId, status, personaId, parentId, deleted = false } = query
  const equal: readonly (readonly [string | undefined, string | undefined])[] = [
    [userId, record.userId],
    [orgId, record.orgId],
    [projectId, record.projectId],
    [status, record.status],
    [personaId, record.personaId],
    [parentId, record.parentId],
  ]
  if ((record.deletedAt !== undefined) !== deleted) return false
  if (!equal.every(([asked, held]) => asked === undefined || asked === held)) return false
  if (participantId !== undefined && !takesPart(record, participantId)) return false
  if (words === undefined) return true
  const title = searchTerms(record.title ?? '')
  return words.length > 0 && words.every((word) => title.some((held) => held.startsWith(word)))
}

/** Whether the user owns the conversation or is a member of it. */
export function takesPart({ userId, members }: Conversation, participantId: string): boolean {
  return userId === participantId || members.some((member) => member.userId === participantId)
}

/** Compares by number, then by UTF-16 code units. */
export function compare(a: readonly [number, string], b: readonly [number, string]): number {
  if (a[0] !== b[0]) return a[0] - b[0]
  if (a[1] === b[1]) return 0
  return a[1] < b[1] ? -1 : 1
}

import type { ChatStore, Conversation } from '../storage/index.ts'
import type { Guard, Identity } from './permissions.ts'

/** Fields of every request to a conversation. */
export interface ConversationRequest {
  readonly identity: Identity
  readonly conversationId: string
  readonly signal?: AbortSignal | undefined
}

interface Service {
  readonly store: Pick<ChatStore, 'conversations'>
  readonly guard: Pick<Guard, 'roleIn'>
}

/**
 * Finds the conversation that an id means to a user: their own before one that they are a member of. Ids that pages propose
 * are separate for every owner and tenant, so the id of another owner never leads into that owner's conversation.
 */
export async function findNamed(
  { store: { conversations }, guard }: Service,
  request: ConversationRequest,
): Promise<Conversation | undefined> {
  const { identity, conversationId, signal } = request
  const named = await conversations.get(conversationId, { signal })
  if (named !== undefined && (await isOwn(guard, identity, named))) return named
  return (await scopedPlace(conversations, request)).conversation ?? named
}

/**
 * The id under which a user's new conversation is stored: the proposed one, unless another conversation has it, or had it
 * before it was deleted. Has the conversation itself if the user began it since `findNamed`.
 */
export async function freeName(
  { store: { conversations }, guard }: Service,
  request: ConversationRequest,
): Promise<NamedPlace> {
  const { identity, conversationId, signal } = request
  const taken = await conversations.get(conversationId, { signal, deleted: true })
  if (taken === undefined) return { id: conversationId }
  if (taken.deletedAt === undefined && (await isOwn(guard, identity, taken)))
    return { id: taken.id, conversation: taken }
  return scopedPlace(conversations, request)
}

/** A stored id, and the conversation under it; absent if the id is free. */
export interface NamedPlace {
  readonly id: string
  readonly conversation?: Conversation | undefined
}

// The ids that a proposed one has for its user, in order: each is taken when the conversation under the one before it was
// deleted. Only the last of them can be in use, and it is found in few reads, however many there are.
async function scopedPlace(
  conversations: ChatStore['conversations'],
  { identity, conversationId, signal }: ConversationRequest,
): Promise<NamedPlace> {
  const idAt = (at: number): Promise<string> => scopedId(identity, conversationId, at)
  const read = async (at: number): Promise<Conversation | undefined> =>
    conversations.get(await idAt(at), { signal, deleted: true })
  let newest = await read(0)
  let [last, free] = [0, newest === undefined ? 0 : 1]
  for (let isOpen = true; newest?.deletedAt !== undefined && (isOpen || free - last > 1);) {
    const at = isOpen ? free : Math.floor((last + free) / 2)
    const found = await read(at)
    isOpen &&= found !== undefined
    if (found === undefined) free = at
    else [newest, last, free] = [found, at, isOpen ? 2 * at + 1 : free]
  }
  if (newest !== undefined && newest.deletedAt === undefined) return { id: newest.id, conversation: newest }
  return { id: await idAt(free) }
}

async function isOwn(
  guard: Service['guard'],
  identity: Identity,
  conversation: Conversation,
): Promise<boolean> {
  if (conversation.userId !== identity.userId) return false
  return (await guard.roleIn(identity, conversation)) !== undefined
}

// No page may propose an id with a dot, so no user can take the scoped id of another.
async function scopedId(
  { userId, orgId }: Identity,
  conversationId: string,
  deletions: number,
): Promise<string> {
  const scope = [orgId ?? null, userId, conversationId, ...(deletions === 0 ? [] : [deletions])]
  const bytes = new TextEncoder().encode(JSON.stringify(scope))
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).subarray(0, 16)
  const text = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${conversationId.slice(0, 128)}.${text}`
}

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
  { identity, conversationId, signal }: ConversationRequest,
): Promise<Conversation | undefined> {
  const named = await conversations.get(conversationId, { signal })
  if (named !== undefined && (await isOwn(guard, identity, named))) return named
  return (await conversations.get(await scopedId(identity, conversationId), { signal })) ?? named
}

/**
 * The id under which a user's new conversation is stored: the proposed one, unless another conversation has it. Has the
 * conversation itself if the user began it since `findNamed`.
 */
export async function freeName(
  { store: { conversations }, guard }: Service,
  { identity, conversationId, signal }: ConversationRequest,
): Promise<{ readonly id: string; readonly conversation?: Conversation | undefined }> {
  const taken = await conversations.get(conversationId, { signal, deleted: true })
  if (taken === undefined) return { id: conversationId }
  if (taken.deletedAt === undefined && (await isOwn(guard, identity, taken)))
    return { id: taken.id, conversation: taken }
  const id = await scopedId(identity, conversationId)
  return { id, conversation: await conversations.get(id, { signal }) }
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
async function scopedId({ userId, orgId }: Identity, conversationId: string): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify([orgId ?? null, userId, conversationId]))
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).subarray(0, 16)
  const text = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${conversationId.slice(0, 128)}.${text}`
}

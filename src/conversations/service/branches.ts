import type { ChatStoreUnit, Conversation, NewMessage, StoredMessage } from '../storage/index.ts'
import {
  type ConversationRequest,
  type MessageView,
  type ServiceContext,
  refuse,
  viewOf,
} from '../contract/index.ts'

/** All variants of a message, itself included, oldest first. */
export async function variants(
  service: ServiceContext,
  request: ConversationRequest & { readonly messageId: string },
): Promise<readonly MessageView[]> {
  const { conversation } = await service.open(request, 'variants')
  const found = await variantsOf(service, conversation.id, request)
  return found.map((message) => viewOf(message))
}

async function variantsOf(
  service: ServiceContext,
  conversationId: string,
  { messageId, signal }: { readonly messageId: string; readonly signal?: AbortSignal | undefined },
): Promise<readonly StoredMessage[]> {
  const message = await service.message(conversationId, messageId, signal)
  const query = { variantsOf: message.variantOf ?? message.id, limit: 200 }
  return (await service.store.messages.list(conversationId, query, { signal })).items
}

/** Makes a variant part of the history. The present variant and the messages after it leave the history. */
export async function selectVariant(
  service: ServiceContext,
  request: ConversationRequest & { readonly messageId: string },
): Promise<MessageView> {
  const { conversation } = await service.open(request, 'chooseVariant')
  const { id } = conversation
  const all = await variantsOf(service, id, request)
  const chosen = all.find((message) => message.id === request.messageId)
  if (chosen === undefined || chosen.active) return viewOf(await service.message(id, request.messageId))
  const current = all.filter(({ active }) => active)
  const from = Math.min(...current.map(({ sequence }) => sequence))
  // The tool rounds that led to an answer are switched together with it.
  const rounds = await roundsOf(service, id, chosen)
  const off = await Promise.all(current.map((message) => roundsOf(service, id, message)))
  await service.store.messages.activate(id, {
    on: [...rounds, chosen.id],
    off: off.flat(),
    ...(Number.isFinite(from) ? { offAfter: from - 1 } : {}),
  })
  return viewOf(await service.message(id, chosen.id))
}

async function roundsOf(
  service: ServiceContext,
  id: string,
  message: StoredMessage,
): Promise<readonly string[]> {
  if (message.role !== 'assistant' || message.requestId === undefined) return []
  const written = await service.store.messages.findByRequest(id, message.requestId)
  return written
    .filter(({ requestStep, partial }) => requestStep !== 0 && !partial)
    .filter((other) => other.id !== message.id && other.deletedAt === undefined)
    .map((other) => other.id)
}

/** The conversation to fork, and the last message to copy. */
export interface ForkRequest extends ConversationRequest {
  /** Id of the last message to copy. Default: all messages are copied. */
  readonly messageId?: string | undefined
  /** Title of the fork. Default: the title of the conversation. */
  readonly title?: string | undefined
}

/** Copies a conversation, up to a message, into a new one that refers to its parent. */
export async function forkConversation(service: ServiceContext, request: ForkRequest): Promise<Conversation> {
  const { identity, conversation } = await service.open(request, 'fork')
  const { id, orgId, projectId, model, temperature, personaId, metadata } = conversation
  const { signal } = request
  await service.guard.checkPlace(identity, 'create', { userId: identity.userId, orgId, projectId })
  const last =
    request.messageId === undefined ? undefined : await service.message(id, request.messageId, signal)
  if (last?.active === false) refuse('messageId', 'names an inactive variant; call chooseVariant first')
  const newest = last?.sequence ?? conversation.lastSequence
  return service.store.transaction(
    async (unit) => {
      const fork = await unit.conversations.create({
        userId: identity.userId,
        orgId,
        projectId,
        title: request.title ?? conversation.title,
        model,
        temperature,
        personaId,
        metadata,
        parentId: id,
        forkedFromMessageId: last?.id,
      })
      await copyMessages(unit, { from: id, to: fork.id, newest })
      return (await unit.conversations.get(fork.id)) ?? fork
    },
    { signal },
  )
}

// Message ids are kept, because they are unique only within a conversation and replies refer to them. Usage is not copied,
// because it was paid once, in the original conversation.
async function copyMessages(
  unit: ChatStoreUnit,
  { from, to, newest }: { readonly from: string; readonly to: string; readonly newest: number },
): Promise<void> {
  const copied = new Set<string>()
  let cursor: string | undefined
  do {
    const page = await unit.messages.list(from, { before: newest + 1, limit: 200, cursor })
    const rows = page.items.map((message) => copyOf(message, copied))
    if (rows.length > 0) await unit.messages.append(to, rows)
    cursor = page.nextCursor
  } while (cursor !== undefined)
}

function copyOf(message: StoredMessage, copied: Set<string>): NewMessage {
  const { id, role, content, userId, name, toolCallId, isError, partial, provider, model } = message
  const { finishReason, metadata, createdAt, parentId } = message
  copied.add(id)
  const parent = parentId !== undefined && copied.has(parentId) ? { parentId } : {}
  const fields = { id, role, content, userId, name, toolCallId, isError, partial, ...parent }
  return { ...fields, provider, model, finishReason, metadata, createdAt }
}

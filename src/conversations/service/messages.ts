import type { JsonObject } from '../../core/json.ts'
import type { UserPart } from '../../core/message.ts'
import { LlmError } from '../../core/error.ts'
import type {
  MessagePatch,
  MessageQuery,
  Page,
  PageQuery,
  ReactionGroup,
  StoredMessage,
  StoredRole,
  Thread,
} from '../storage/index.ts'
import {
  type AttachmentInput,
  type ConversationRequest,
  type MessageView,
  type ServiceContext,
  admitMessages,
  attachmentPart,
  canManage,
  checkAttachmentCount,
  checkId,
  checkNonEmptyText,
  checkSend,
  readAttachment,
  readMessage,
  refuse,
  requireAuthor,
  requireDeleter,
  storedContent,
  viewOf,
  viewPage,
} from '../contract/index.ts'
import { visiblePage } from './visible-page.ts'
import { readEmoji } from './emoji.ts'

/** A message to store without an answer of a model. */
export interface PostRequest extends ConversationRequest {
  readonly message: string | readonly UserPart[]
  readonly parentId?: string | undefined
  readonly name?: string | undefined
  readonly attachments?: readonly AttachmentInput[] | undefined
  readonly metadata?: JsonObject | undefined
  /** A repeated request with the same id returns the message of the first. */
  readonly requestId?: string | undefined
}

/** Stores a user message without calling a model. */
export async function postMessage(service: ServiceContext, request: PostRequest): Promise<MessageView> {
  checkSend(request)
  const { identity, conversation } = await service.open(request, 'post')
  const { parentId, name, attachments = [], metadata, requestId, signal } = request
  const limits = service.options.attachments
  checkAttachmentCount(attachments.length, limits)
  const files = attachments.map((input, at) =>
    readAttachment(input, identity.userId, limits, `attachments.${at}`),
  )
  const content = storedContent(
    await readMessage(request.message),
    files.map((file) => attachmentPart(file)),
  )
  const draft = { role: 'user' as const, content, name, metadata }
  const [admitted = draft] = await admitMessages(service, [draft], {
    identity,
    conversationId: conversation.id,
    operation: 'post',
    signal,
    pathOf: () => 'message',
  })
  const row = { ...admitted, userId: identity.userId, parentId, requestId }
  try {
    return await service.store.transaction(
      async (unit) => {
        const [posted] = await unit.messages.append(conversation.id, [row])
        const message = posted as StoredMessage
        for (const { data: _data, text: _text, ...file } of files)
          await unit.attachments.add(conversation.id, { ...file, messageId: message.id })
        return viewOf(message)
      },
      { signal },
    )
  } catch (error) {
    if (requestId === undefined || !LlmError.is(error, 'conflict')) throw error
    const [known] = await service.store.messages.findByRequest(conversation.id, requestId)
    if (known === undefined) throw error
    return viewOf(known)
  }
}

/** Selects messages of a conversation. */
export interface HistoryRequest extends ConversationRequest, PageQuery {
  /** Sort order. Default `oldest` first. */
  readonly order?: 'oldest' | 'newest' | undefined
  /** Only direct replies to this message; `null`: only messages that are no replies. */
  readonly parentId?: string | null | undefined
  readonly roles?: readonly StoredRole[] | undefined
  /** Also returns messages that are not part of the history. Default false. */
  readonly inactive?: boolean | undefined
}

/** A page of messages, by `cursor` for scrolling or by `offset` and `withTotal` for a table. */
export async function messageHistory(
  service: ServiceContext,
  request: HistoryRequest,
): Promise<Page<MessageView>> {
  const { conversation } = await service.open(request, 'history')
  const { identity: _identity, conversationId: _id, signal, ...query } = request
  const page = await service.store.messages.list(conversation.id, query satisfies MessageQuery, { signal })
  return viewPage(page)
}

/** Identifies one message. */
export interface MessageRequest extends ConversationRequest {
  readonly messageId: string
}

/** Loads one message. */
export async function getMessage(service: ServiceContext, request: MessageRequest): Promise<MessageView> {
  const { conversation } = await service.open(request, 'getMessage')
  return viewOf(await service.message(conversation.id, request.messageId, request.signal))
}

/** Changes of a message; its answer is not changed. */
export interface EditRequest extends MessageRequest {
  readonly content?: string | readonly UserPart[] | undefined
  readonly metadata?: JsonObject | undefined
  /** The version that the change was made from. Rejects with `conflict` if the stored one differs. Default: any. */
  readonly version?: number | undefined
}

/** Changes a message and marks it as edited by the caller. Only its author may. To answer it again, use `resend`. */
export async function editMessage(service: ServiceContext, request: EditRequest): Promise<MessageView> {
  const { identity, conversation } = await service.open(request, 'editMessage')
  const { messageId, content, metadata, version, signal } = request
  const message = await service.message(conversation.id, messageId, signal)
  requireAuthor(message, identity, await canManage(service, identity, conversation))
  if (content !== undefined) checkSend({ identity, message: content })
  const changed = await changesOf(service, request, { conversationId: conversation.id, message })
  const change = { metadata, ...changed, version, editedBy: identity.userId }
  return viewOf(await service.store.messages.update(conversation.id, messageId, change, { signal }))
}

async function changesOf(
  service: ServiceContext,
  { identity, content, metadata, signal }: EditRequest,
  { conversationId, message }: { readonly conversationId: string; readonly message: StoredMessage },
): Promise<Pick<MessagePatch, 'content' | 'metadata'>> {
  if (content === undefined) return {}
  const { role } = message
  const kept = metadata ?? message.metadata
  const draft = { role, content: storedContent(await readMessage(content)), metadata: kept }
  const source = { identity, conversationId, operation: 'edit', signal, pathOf: () => 'content' } as const
  const [admitted = draft] = await admitMessages(service, [draft], source)
  return { content: admitted.content, metadata: admitted.metadata === kept ? metadata : admitted.metadata }
}

/** Marks a message as deleted; replies and reactions keep referring to it. `erase: true` permanently clears its content. */
export async function deleteMessage(
  service: ServiceContext,
  request: MessageRequest & { readonly erase?: boolean | undefined },
): Promise<void> {
  const { identity, conversation } = await service.open(request, 'deleteMessage')
  const { messageId, signal } = request
  const message = await service.message(conversation.id, messageId, signal)
  requireDeleter(message, identity, await canManage(service, identity, conversation))
  const { messages } = service.store
  if (request.erase === true) await messages.wipe(conversation.id, messageId, { signal })
  else await messages.delete(conversation.id, messageId, { signal })
}

/** Searches one conversation, or all that the user owns or is a member of. */
export interface SearchRequest extends Pick<ConversationRequest, 'identity' | 'signal'>, PageQuery {
  /** Each word must be the beginning of a word of the message. Case is ignored. 1 to 1 000 characters. */
  readonly text: string
  readonly conversationId?: string | undefined
}

/** Messages that match all words, newest first. */
export async function searchMessages(
  service: ServiceContext,
  request: SearchRequest,
): Promise<Page<MessageView>> {
  const identity = service.guard.identify(request.identity)
  const { text, conversationId, limit, cursor, offset, withTotal, signal } = request
  checkNonEmptyText('text', text, 1_000)
  if (conversationId === undefined)
    await service.guard.checkPlace(identity, 'search', { userId: identity.userId })
  const where =
    conversationId === undefined
      ? { participantId: identity.userId }
      : {
          conversationId: (await service.open({ identity, conversationId, signal }, 'search')).conversation
            .id,
        }
  const query = { limit, cursor, offset, withTotal }
  const fetch = (part: PageQuery): Promise<Page<StoredMessage>> =>
    service.store.messages.search({ text, ...where, ...part }, { signal })
  if (conversationId !== undefined) return viewPage(await fetch(query))
  const visible = visibleOf(service, request)
  return viewPage(await visiblePage({ query, fetch, visible }))
}

// Checked one by one, because a user who left an organisation must not see its messages.
function visibleOf(
  service: ServiceContext,
  { identity, signal }: SearchRequest,
): (items: readonly StoredMessage[]) => Promise<readonly StoredMessage[]> {
  const open = new Map<string, boolean>()
  return async (items) => {
    for (const { conversationId } of items) {
      if (open.has(conversationId)) continue
      open.set(
        conversationId,
        await service.open({ identity, conversationId, signal }, 'search').then(
          () => true,
          (error: unknown) => {
            if (LlmError.is(error, 'not-found') || LlmError.is(error, 'unauthorized')) return false
            throw error
          },
        ),
      )
    }
    return items.filter(({ conversationId }) => open.get(conversationId))
  }
}

/** Messages that have replies, with the number of replies, oldest first. */
export async function listThreads(
  service: ServiceContext,
  { limit, cursor, offset, withTotal, ...request }: ConversationRequest & PageQuery,
): Promise<Page<Thread>> {
  const { conversation } = await service.open(request, 'threads')
  const { signal } = request
  return service.store.messages.threads(conversation.id, { limit, cursor, offset, withTotal }, { signal })
}

/** Whether the reaction is present now, and all reactions to the message. */
export interface ReactionState {
  readonly present: boolean
  readonly reactions: readonly ReactionGroup[]
}

/** Adds the user's reaction, or removes it if it exists. */
export async function toggleReaction(
  service: ServiceContext,
  request: MessageRequest & { readonly emoji: string },
): Promise<ReactionState> {
  const { identity, conversation } = await service.open(request, 'toggleReaction')
  const { messageId, signal } = request
  checkId('messageId', messageId)
  const key = { messageId, userId: identity.userId, emoji: readEmoji(request.emoji) }
  const { reactions } = service.store
  const present = await reactions.toggle(conversation.id, key, { signal })
  return { present, reactions: await reactions.groups(conversation.id, [messageId], { signal }) }
}

/** Reactions to at most 200 messages, grouped by emoji. */
export async function listReactions(
  service: ServiceContext,
  request: ConversationRequest & { readonly messageIds: readonly string[] },
): Promise<readonly ReactionGroup[]> {
  const { conversation } = await service.open(request, 'reactions')
  const { messageIds, signal } = request
  if (!Array.isArray(messageIds)) refuse('messageIds', 'takes a list of message ids')
  for (const [at, id] of messageIds.entries()) checkId(`messageIds.${at}`, id)
  return service.store.reactions.groups(conversation.id, messageIds.slice(0, 200), { signal })
}

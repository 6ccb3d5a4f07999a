import type { JsonObject } from '../../core/json.ts'
import type { UserPart } from '../../core/message.ts'
import { LlmError } from '../../core/error.ts'
import type {
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
  attachmentPart,
  canManage,
  checkAttachmentCount,
  checkId,
  checkNonEmptyText,
  checkSend,
  readAttachment,
  readMessage,
  requireAuthor,
  storedContent,
  viewOf,
  viewPage,
} from '../contract/index.ts'
import { readEmoji } from './emoji.ts'

/** A message that no model is asked to answer. */
export interface PostRequest extends ConversationRequest {
  readonly message: string | readonly UserPart[]
  readonly parentId?: string | undefined
  readonly name?: string | undefined
  readonly attachments?: readonly AttachmentInput[] | undefined
  readonly metadata?: JsonObject | undefined
  /** Posting it again with the same id gives the one that is there. */
  readonly requestId?: string | undefined
}

/** Adds a message as it is. */
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
  const row = { role: 'user' as const, content, userId: identity.userId, name, parentId, metadata, requestId }
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

/** Which messages to show. */
export interface HistoryRequest extends ConversationRequest, PageQuery {
  /** Default `oldest` first. */
  readonly order?: 'oldest' | 'newest' | undefined
  /** Direct replies to this message; `null`: only messages that reply to none. */
  readonly parentId?: string | null | undefined
  readonly roles?: readonly StoredRole[] | undefined
  /** Also variants that do not count, and what followed them. */
  readonly inactive?: boolean | undefined
}

/** Messages page by page: by cursor for a list that is scrolled, by `offset` and `withTotal` for a table. */
export async function messageHistory(
  service: ServiceContext,
  request: HistoryRequest,
): Promise<Page<MessageView>> {
  const { conversation } = await service.open(request, 'history')
  const { identity: _who, conversationId: _where, signal, ...query } = request
  const page = await service.store.messages.list(conversation.id, query satisfies MessageQuery, { signal })
  return viewPage(page)
}

/** What names one message. */
export interface MessageRequest extends ConversationRequest {
  readonly messageId: string
}

/** One message. */
export async function getMessage(service: ServiceContext, request: MessageRequest): Promise<MessageView> {
  const { conversation } = await service.open(request, 'getMessage')
  return viewOf(await service.message(conversation.id, request.messageId, request.signal))
}

/** New words for a message; its answer stays as it is. */
export interface EditRequest extends MessageRequest {
  readonly content?: string | readonly UserPart[] | undefined
  readonly metadata?: JsonObject | undefined
  readonly version?: number | undefined
}

/** Changes a message in place, and marks it as edited. To have it answered again, use `resend`. */
export async function editMessage(service: ServiceContext, request: EditRequest): Promise<MessageView> {
  const { identity, conversation } = await service.open(request, 'editMessage')
  const { messageId, content, metadata, version, signal } = request
  const message = await service.message(conversation.id, messageId, signal)
  requireAuthor(message, identity, await canManage(service, identity, conversation))
  if (content !== undefined) checkSend({ identity, message: content })
  const said = content === undefined ? {} : { content: storedContent(await readMessage(content)) }
  const change = { metadata, version, ...said }
  return viewOf(await service.store.messages.update(conversation.id, messageId, change, { signal }))
}

/** Takes a message out of sight; replies and reactions keep pointing to it. `erase` empties it for good. */
export async function deleteMessage(
  service: ServiceContext,
  request: MessageRequest & { readonly erase?: boolean | undefined },
): Promise<void> {
  const { identity, conversation } = await service.open(request, 'deleteMessage')
  const { messageId, signal } = request
  const message = await service.message(conversation.id, messageId, signal)
  requireAuthor(message, identity, await canManage(service, identity, conversation))
  const { messages } = service.store
  if (request.erase === true) await messages.wipe(conversation.id, messageId, { signal })
  else await messages.delete(conversation.id, messageId, { signal })
}

/** What to look for: in one conversation, or in all that the user takes part in. */
export interface SearchRequest extends Pick<ConversationRequest, 'identity' | 'signal'>, PageQuery {
  readonly text: string
  readonly conversationId?: string | undefined
}

/** Messages with all of the words, in any case, newest first. */
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
  const query = { text, ...where, limit, cursor, offset, withTotal }
  const page = viewPage(await service.store.messages.search(query, { signal }))
  return conversationId === undefined ? hideForeign(service, request, page) : page
}

// A user who has left an organisation has left what was said there.
async function hideForeign(
  service: ServiceContext,
  { identity, signal }: SearchRequest,
  page: Page<MessageView>,
): Promise<Page<MessageView>> {
  const open = new Map<string, boolean>()
  for (const { conversationId } of page.items) {
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
  return { ...page, items: page.items.filter(({ conversationId }) => open.get(conversationId)) }
}

/** Messages that have replies, with how many, oldest first. */
export async function listThreads(
  service: ServiceContext,
  { limit, cursor, offset, withTotal, ...request }: ConversationRequest & PageQuery,
): Promise<Page<Thread>> {
  const { conversation } = await service.open(request, 'threads')
  const { signal } = request
  return service.store.messages.threads(conversation.id, { limit, cursor, offset, withTotal }, { signal })
}

/** Whether the reaction is there now, and all reactions to the message. */
export interface ReactionState {
  readonly present: boolean
  readonly reactions: readonly ReactionGroup[]
}

/** Adds the user's reaction, or takes it back where it is there. */
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

/** Reactions to messages (at most 200), grouped by emoji. */
export async function listReactions(
  service: ServiceContext,
  request: ConversationRequest & { readonly messageIds: readonly string[] },
): Promise<readonly ReactionGroup[]> {
  const { conversation } = await service.open(request, 'reactions')
  for (const id of request.messageIds) checkId('messageIds', id)
  return service.store.reactions.groups(conversation.id, request.messageIds.slice(0, 200), {
    signal: request.signal,
  })
}

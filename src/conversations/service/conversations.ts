import { LlmError } from '../../core/error.ts'
import type { JsonObject } from '../../core/json.ts'
import {
  type Conversation,
  type ConversationPatch,
  type ConversationStatus,
  type Member,
  type NewConversation,
  type PageMeta,
  type PageQuery,
  type UserUsage,
  numberedPage,
  pageMeta,
} from '../storage/index.ts'
import {
  type ConversationRequest,
  type Identity,
  type MessageView,
  type ServiceContext,
  checkId,
  checkNonEmptyText,
  displayName,
  ownerScope,
  refuse,
  speakerName,
  viewOf,
} from '../contract/index.ts'
import { summarizeLater } from '../context/index.ts'

const LONGEST_TITLE = 200

/** What a conversation is begun with. */
export interface CreateRequest {
  readonly identity: Identity
  readonly title?: string | undefined
  /** Default: the organisation and project of the identity. */
  readonly orgId?: string | undefined
  readonly projectId?: string | undefined
  /** Default: the service's. */
  readonly model?: string | undefined
  readonly temperature?: number | undefined
  readonly persona?: string | undefined
  /** False: the persona says nothing by itself. Default true. */
  readonly greet?: boolean | undefined
  readonly userName?: string | undefined
  readonly members?: readonly Member[] | undefined
  readonly metadata?: JsonObject | undefined
  /** Creating it again with the same id gives the one that is there. */
  readonly requestId?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** Begins a conversation without a turn of the user. */
export async function createConversation(
  service: ServiceContext,
  request: CreateRequest,
): Promise<Conversation> {
  const identity = service.guard.identify(request.identity)
  const { title, model, temperature, persona, members, metadata, requestId, signal } = request
  if (title !== undefined) checkNonEmptyText('title', title, LONGEST_TITLE)
  checkTemperature(temperature)
  if (requestId !== undefined) {
    checkId('requestId', requestId)
    const known = await service.store.conversations.findByRequest(identity.userId, requestId, { signal })
    if (known !== undefined)
      return (await service.open({ identity, conversationId: known.id, signal }, 'get')).conversation
  }
  const place = ownerScope(request)
  await service.guard.checkPlace(identity, 'create', place)
  const { defaults, persona: find } = service.options
  const found = persona === undefined ? undefined : await find?.(persona, identity)
  const fresh: NewConversation = {
    ...place,
    title,
    personaId: persona,
    model: model ?? defaults?.model,
    temperature: temperature ?? defaults?.temperature,
    members,
    metadata,
    requestId,
  }
  const greeting = request.greet === false ? undefined : found?.greeting
  return service.store.transaction(
    async (unit) => {
      const created = await unit.conversations.create(fresh)
      if (greeting === undefined || greeting.trim() === '') return created
      const context = {
        identity,
        conversationId: created.id,
        persona: found,
        charName: displayName(found) ?? 'Character',
        userName: request.userName ?? 'User',
        system: undefined,
        template: undefined,
        templateData: undefined,
      }
      const said = service.options.texts?.placeholders?.(greeting, context) ?? greeting
      const name = speakerName(displayName(found))
      await unit.messages.append(created.id, [
        { role: 'assistant', content: said, name, metadata: { greeting: true } },
      ])
      return (await unit.conversations.get(created.id)) ?? created
    },
    { signal },
  )
}

/** Which conversations to list. */
export interface ListRequest extends Pick<PageQuery, 'limit' | 'cursor'> {
  readonly identity: Identity
  /** All of an organisation, for those who may read there. Left out: the user's own, and those that they are a member of. */
  readonly orgId?: string | undefined
  readonly projectId?: string | undefined
  readonly status?: ConversationStatus | undefined
  readonly persona?: string | undefined
  /** Words of the title. */
  readonly search?: string | undefined
  /** Numbered pages, from 1, with the total. */
  readonly page?: number | undefined
  /** So many are left out first, with the total: in place of `page`. */
  readonly skip?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** Conversations, most recently used first. */
export interface ConversationList {
  readonly data: readonly Conversation[]
  /** Goes on behind this page, whatever was added meanwhile. */
  readonly nextCursor?: string | undefined
  /** With `page` or `skip`: how many there are. */
  readonly meta?: PageMeta | undefined
}

const DEFAULT_LIST = 50
const MOST_LIST = 100

/** Conversations that the user may see. */
export async function listConversations(
  service: ServiceContext,
  request: ListRequest,
): Promise<ConversationList> {
  const identity = service.guard.identify(request.identity)
  const { orgId, projectId, status, persona, search, page, skip, cursor, signal } = request
  const { limit = DEFAULT_LIST } = request
  if (!(Number.isSafeInteger(limit) && limit >= 1 && limit <= MOST_LIST))
    refuse('limit', `takes a whole number from 1 to ${MOST_LIST}`)
  checkStatus(status)
  const shared = orgId !== undefined || projectId !== undefined
  const place = { userId: identity.userId, orgId, projectId }
  await service.guard.checkPlace(identity, 'list', place)
  const pages =
    page === undefined
      ? { limit, cursor, offset: skip, withTotal: skip !== undefined }
      : numberedPage(page, limit)
  const who = shared ? { orgId, projectId } : { participantId: identity.userId }
  const found = await service.store.conversations.list(
    { ...who, status, personaId: persona, search, ...pages },
    { signal },
  )
  // Who has left an organisation, or is kept from a conversation by the host, does not see its title either.
  const data = await visible(service, identity, found.items)
  const { nextCursor, total } = found
  const at = page ?? Math.floor((skip ?? 0) / limit) + 1
  const meta = total === undefined ? undefined : pageMeta(at, limit, total)
  return { data, ...(nextCursor && { nextCursor }), ...(meta && { meta }) }
}

async function visible(
  service: ServiceContext,
  identity: Identity,
  items: readonly Conversation[],
): Promise<readonly Conversation[]> {
  const checks = items.map(async (conversation) => {
    try {
      await service.guard.check(identity, 'get', conversation)
      return [conversation]
    } catch (error) {
      if (LlmError.is(error, 'not-found') || LlmError.is(error, 'unauthorized')) return []
      throw error
    }
  })
  return (await Promise.all(checks)).flat()
}

/** A conversation with the newest of its messages. */
export interface ConversationView extends Conversation {
  /** Oldest first. */
  readonly messages: readonly MessageView[]
  /** For `history({ cursor, order: 'newest' })`: the messages before these. */
  readonly olderCursor?: string | undefined
}

/** A conversation, with its newest messages (default 50). */
export async function getConversation(
  service: ServiceContext,
  request: ConversationRequest & { readonly limit?: number | undefined },
): Promise<ConversationView> {
  const { conversation } = await service.open(request, 'get')
  const { signal, limit } = request
  const page = await service.store.messages.list(conversation.id, { limit, order: 'newest' }, { signal })
  const messages = page.items.toReversed().map((message) => viewOf(message))
  return { ...conversation, messages, ...(page.nextCursor && { olderCursor: page.nextCursor }) }
}

/** Changes of a conversation. `null` empties a field. */
export interface UpdateRequest extends ConversationRequest {
  readonly title?: string | null | undefined
  readonly summary?: string | null | undefined
  readonly model?: string | null | undefined
  readonly temperature?: number | null | undefined
  readonly persona?: string | null | undefined
  readonly status?: ConversationStatus | undefined
  /** 1 to 5. */
  readonly rating?: number | null | undefined
  /** Replaced whole. */
  readonly metadata?: JsonObject | undefined
  /** The version that the change was made from: `conflict` where somebody else was first. */
  readonly version?: number | undefined
}

/** Changes a conversation. A change to `completed` is summed up in the background, where summaries are set up. */
export async function updateConversation(
  service: ServiceContext,
  request: UpdateRequest,
): Promise<Conversation> {
  const { identity, conversation } = await service.open(request, 'update')
  const { title, summary, model, temperature, persona, status, rating, metadata, version, signal } = request
  if (typeof title === 'string') checkNonEmptyText('title', title, LONGEST_TITLE)
  checkTemperature(temperature)
  checkStatus(status)
  const patch: ConversationPatch = {
    title,
    summary,
    model,
    temperature,
    personaId: persona,
    status,
    rating,
    metadata,
  }
  const updated = await service.store.conversations.update(conversation.id, patch, { version, signal })
  if (status === 'completed' && conversation.status !== 'completed')
    summarizeLater(service, identity, updated)
  return updated
}

const STATUSES: readonly ConversationStatus[] = ['active', 'completed', 'archived']

function checkStatus(status: ConversationStatus | undefined): void {
  if (status !== undefined && !STATUSES.includes(status)) refuse('status', `is one of ${STATUSES.join(', ')}`)
}

function checkTemperature(temperature: unknown): void {
  if (temperature === undefined || temperature === null) return
  if (typeof temperature !== 'number' || !(temperature >= 0 && temperature <= 2))
    refuse('temperature', 'takes a number from 0 to 2')
}

/** Takes a conversation and its messages out of sight; `erase` removes them for good. */
export async function deleteConversation(
  service: ServiceContext,
  request: ConversationRequest & { readonly erase?: boolean | undefined },
): Promise<void> {
  const { conversation } = await service.open(request, 'delete')
  const { conversations } = service.store
  const { signal } = request
  if (request.erase === true) await conversations.erase(conversation.id, { signal })
  else await conversations.delete(conversation.id, { signal })
}

/** Adds a member, or changes its role. A role of `owner` cannot be given. */
export async function setMember(
  service: ServiceContext,
  request: ConversationRequest & { readonly member: Member },
): Promise<Conversation> {
  const { conversation } = await service.open(request, 'setMember')
  const { member, signal } = request
  checkId('member.userId', member?.userId)
  if (member.role === 'owner') refuse('member.role', 'a conversation has one owner: its first')
  return service.store.conversations.setMember(conversation.id, member, { signal })
}

/** Removes a member; everybody may leave. */
export async function removeMember(
  service: ServiceContext,
  request: ConversationRequest & { readonly userId: string },
): Promise<Conversation> {
  const leaves = request.userId === request.identity?.userId
  const { conversation } = await service.open(request, leaves ? 'get' : 'removeMember')
  checkId('userId', request.userId)
  return service.store.conversations.removeMember(conversation.id, request.userId, { signal: request.signal })
}

/** What a user has used, ever; of a conversation, see its `usage`. */
export async function userUsage(
  service: ServiceContext,
  request: { readonly identity: Identity; readonly signal?: AbortSignal | undefined },
): Promise<UserUsage> {
  const identity = service.guard.identify(request.identity)
  const { userId } = identity
  await service.guard.checkPlace(identity, 'usage', { userId })
  return service.store.usage.get(userId, { signal: request.signal })
}

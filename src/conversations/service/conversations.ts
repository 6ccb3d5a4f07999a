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
import { visiblePage } from './visible-page.ts'
import {
  type ConversationRequest,
  type Identity,
  type LocateRequest,
  type LocatedConversation,
  type MessageView,
  type ServiceContext,
  checkId,
  checkName,
  checkNewId,
  checkNonEmptyText,
  displayName,
  findNamed,
  freeName,
  ownerScope,
  refuse,
  speakerName,
  viewOf,
} from '../contract/index.ts'
import { fillPlaceholders, greetingOf } from '../../prompts/index.ts'
import { type FoundPersona, findPersona, personaKey, summarizeLater } from '../context/index.ts'

const LONGEST_TITLE = 200

/** The fields of a new conversation. */
export interface CreateRequest {
  readonly identity: Identity
  /**
   * Id that the user proposes: 8 to 128 characters of `A-Z a-z 0-9 _ -`. Ids are separate for every owner and tenant; the
   * result has the stored id. Rejects with `conflict` if the user has a conversation with this id. Default: a new UUID.
   */
  readonly id?: string | undefined
  readonly title?: string | undefined
  /** Default: the organisation of the identity. */
  readonly orgId?: string | undefined
  /** Default: the project of the identity, if `orgId` is the identity's as well. */
  readonly projectId?: string | undefined
  /** Default: the model of the service's `defaults`. */
  readonly model?: string | undefined
  readonly temperature?: number | undefined
  /** Name or id of the persona. */
  readonly persona?: string | undefined
  /**
   * Whether the persona's greeting becomes the first message. Default true. A number selects a greeting: 0 the first one, 1
   * and up the alternates.
   */
  readonly greet?: boolean | number | undefined
  /** Name of the user, for placeholders in the greeting. Default `User`. */
  readonly userName?: string | undefined
  readonly members?: readonly Member[] | undefined
  readonly metadata?: JsonObject | undefined
  /** A repeated request with the same id returns the conversation of the first. */
  readonly requestId?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** Creates a conversation without a user message. */
export async function createConversation(
  service: ServiceContext,
  request: CreateRequest,
): Promise<Conversation> {
  const identity = service.guard.identify(request.identity)
  const { title, model, temperature, persona, members, metadata, requestId, signal } = request
  if (title !== undefined) checkNonEmptyText('title', title, LONGEST_TITLE)
  if (persona !== undefined) checkName('persona', persona)
  checkTemperature(temperature)
  if (requestId !== undefined) {
    checkId('requestId', requestId)
    const known = await service.store.conversations.findByRequest(ownerScope(request), requestId, { signal })
    if (known !== undefined)
      return (await service.open({ identity, conversationId: known.id, signal }, 'get')).conversation
  }
  const place = ownerScope(request)
  const id = request.id === undefined ? undefined : await newConversationId(service, request.id, request)
  await service.guard.checkPlace(identity, 'create', place)
  const { defaults } = service.options
  const { found } = await findPersona(service, { identity, asked: persona })
  const greeting = greetingText(service, request, found)
  const fields: NewConversation = {
    ...place,
    id,
    title,
    personaId: persona && (await personaKey(service, identity, { asked: persona, found })),
    model: model ?? defaults?.model,
    temperature: temperature ?? defaults?.temperature,
    members,
    metadata,
    requestId,
  }
  return service.store.transaction(
    async (unit) => {
      const created = await unit.conversations.create(fields)
      if (greeting === undefined || found === undefined) return created
      const content = greeting(created.id)
      const name = speakerName(displayName(found.persona))
      await unit.messages.append(created.id, [
        { role: 'assistant', content, name, metadata: { greeting: true } },
      ])
      return (await unit.conversations.get(created.id)) ?? created
    },
    { signal },
  )
}

/** Returns a function that makes the first message of a conversation, or `undefined` if there is none. */
function greetingText(
  service: ServiceContext,
  { identity, greet = true, userName }: CreateRequest,
  found: FoundPersona | undefined,
): ((conversationId: string) => string) | undefined {
  if (typeof greet !== 'boolean' && !(Number.isSafeInteger(greet) && greet >= 0))
    refuse('greet', 'takes true, false or the number of a greeting')
  if (userName !== undefined && typeof userName !== 'string') refuse('userName', 'takes a string')
  if (greet === false || found === undefined) return undefined
  const { persona } = found
  const greeting = greetingOf(persona, greet === true ? 0 : greet)
  if (greeting.trim() === '') return undefined
  const charName = displayName(persona) ?? 'Character'
  const nothing = { system: undefined, template: undefined, templateData: undefined }
  const { placeholders } = service.options.texts ?? {}
  const { description, personality, scenario } = persona
  return (conversationId) => {
    const context = { identity, conversationId, persona, charName, userName: userName ?? 'User', ...nothing }
    const own = placeholders?.(greeting, context) ?? greeting
    const names = { char: charName, user: userName, seed: conversationId, description, personality, scenario }
    return fillPlaceholders(own, names)
  }
}

async function newConversationId(
  service: ServiceContext,
  conversationId: string,
  { identity, signal }: CreateRequest,
): Promise<string> {
  checkNewId('id', conversationId)
  const place = { identity, conversationId, signal }
  const found = await findNamed(service, place)
  const isOwn =
    found?.userId === identity.userId && (await service.guard.roleIn(identity, found)) !== undefined
  const named = isOwn ? undefined : await freeName(service, place)
  if (named !== undefined && named.conversation === undefined) return named.id
  const message = `this user has a conversation "${conversationId}"; use it, or propose another id`
  throw new LlmError('conflict', message, { code: 'conversation-exists' })
}

/** Resolves to the conversation that an id means to the caller. Rejects as the operation would. */
export async function locateConversation(
  service: ServiceContext,
  request: LocateRequest,
): Promise<LocatedConversation> {
  const { operation = 'get', begin = false } = request
  if (!begin) {
    const { conversation, role } = await service.open(request, operation)
    return { conversationId: conversation.id, role }
  }
  const { id, role } = await service.begin(request, operation)
  return { conversationId: id, role }
}

/** Selects conversations. */
export interface ListRequest extends Pick<PageQuery, 'limit' | 'cursor'> {
  readonly identity: Identity
  /** Lists all conversations of an organisation. Default: the user's own and those that they are a member of. */
  readonly orgId?: string | undefined
  readonly projectId?: string | undefined
  readonly status?: ConversationStatus | undefined
  readonly persona?: string | undefined
  /** Each word must be the beginning of a word of the title. */
  readonly search?: string | undefined
  /** Page number from 1; the result then has `meta` with the total. */
  readonly page?: number | undefined
  /** Number of conversations to skip, instead of `page`; the result then has `meta` with the total. */
  readonly skip?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** A page of conversations, most recently used first. */
export interface ConversationList {
  readonly data: readonly Conversation[]
  /** Cursor of the next page; absent on the last page. */
  readonly nextCursor?: string | undefined
  /** Page numbers and total; present with `page` or `skip`. */
  readonly meta?: PageMeta | undefined
}

const DEFAULT_LIST = 50
const MOST_LIST = 100

/** Lists conversations that the user may see. */
export async function listConversations(
  service: ServiceContext,
  request: ListRequest,
): Promise<ConversationList> {
  const identity = service.guard.identify(request.identity)
  const { orgId, projectId, status, persona, search, page, skip, cursor, signal } = request
  const { limit = DEFAULT_LIST } = request
  if (!(Number.isSafeInteger(limit) && limit >= 1 && limit <= MOST_LIST))
    refuse('limit', `is ${limit}; takes a whole number from 1 to ${MOST_LIST}`)
  checkStatus(status)
  const shared = orgId !== undefined || projectId !== undefined
  const place = { userId: identity.userId, orgId, projectId }
  await service.guard.checkPlace(identity, 'list', place)
  const pages =
    page === undefined
      ? { limit, cursor, offset: skip, withTotal: skip !== undefined }
      : numberedPage(page, limit)
  const personaId = persona === undefined ? undefined : await personaFilter(service, identity, persona)
  const who = shared ? { orgId, projectId } : { participantId: identity.userId }
  const own = service.options.access === undefined && {
    participantId: identity.userId,
    orgId: orgId ?? identity.orgId,
  }
  const filter = { ...who, ...own, status, personaId, search }
  // Checked one by one, because titles are hidden from users who left an organisation or whom `allow` denies access.
  const found = await visiblePage({
    query: pages,
    fetch: (query) => service.store.conversations.list({ ...filter, ...query }, { signal }),
    visible: (items) => visible(service, identity, items),
  })
  const { items: data, nextCursor, total } = found
  const at = page ?? Math.floor((skip ?? 0) / limit) + 1
  const meta = total === undefined ? undefined : pageMeta(at, limit, total)
  return { data, ...(nextCursor && { nextCursor }), ...(meta && { meta }) }
}

// A conversation is stored with the id of its persona, if that finds it.
async function personaFilter(service: ServiceContext, identity: Identity, asked: string): Promise<string> {
  checkName('persona', asked)
  const { found, problem } = await findPersona(service, { identity, asked })
  return problem === undefined ? personaKey(service, identity, { asked, found }) : asked
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

/** A conversation with its newest messages. */
export interface ConversationView extends Conversation {
  /** The newest messages, oldest first. */
  readonly messages: readonly MessageView[]
  /** Cursor of the messages before these, for `history({ cursor, order: 'newest' })`. */
  readonly olderCursor?: string | undefined
}

/** A conversation with its newest `limit` messages, 50 by default. */
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

/** Changes of a conversation: `undefined` keeps a field, `null` clears it. */
export interface UpdateRequest extends ConversationRequest {
  readonly title?: string | null | undefined
  readonly summary?: string | null | undefined
  readonly model?: string | null | undefined
  readonly temperature?: number | null | undefined
  readonly persona?: string | null | undefined
  readonly status?: ConversationStatus | undefined
  /** Whole number from 1 to 5. */
  readonly rating?: number | null | undefined
  /** Replaced as a whole. */
  readonly metadata?: JsonObject | undefined
  /** The version that the change was made from. Rejects with `conflict` if the stored one differs. Default: any. */
  readonly version?: number | undefined
}

/** Changes a conversation. Setting the status `completed` starts a summary in the background if summaries are configured. */
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
    personaId: await changedPersona(service, identity, persona),
    status,
    rating,
    metadata,
  }
  const updated = await service.store.conversations.update(conversation.id, patch, { version, signal })
  if (status === 'completed' && conversation.status !== 'completed')
    summarizeLater(service, identity, updated)
  return updated
}

async function changedPersona(
  service: ServiceContext,
  identity: Identity,
  asked: string | null | undefined,
): Promise<string | null | undefined> {
  if (asked === undefined || asked === null) return asked
  checkName('persona', asked)
  const { found } = await findPersona(service, { identity, asked })
  return personaKey(service, identity, { asked, found })
}

const STATUSES: readonly ConversationStatus[] = ['active', 'completed', 'archived']

function checkStatus(status: ConversationStatus | undefined): void {
  if (status !== undefined && !STATUSES.includes(status))
    refuse('status', `is ${JSON.stringify(status)}; takes one of ${STATUSES.join(', ')}`)
}

function checkTemperature(temperature: unknown): void {
  if (temperature === undefined || temperature === null) return
  if (typeof temperature !== 'number' || !(temperature >= 0 && temperature <= 2))
    refuse('temperature', `is ${JSON.stringify(temperature)}; takes a number from 0 to 2`)
}

/** Marks a conversation as deleted; `erase: true` deletes it permanently. */
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

/** Adds a member or changes their role. The role `owner` cannot be given. */
export async function setMember(
  service: ServiceContext,
  request: ConversationRequest & { readonly member: Member },
): Promise<Conversation> {
  const { conversation } = await service.open(request, 'setMember')
  const { member, signal } = request
  checkId('member.userId', member?.userId)
  if (member.role === 'owner') refuse('member.role', 'is owner; a conversation has one owner, who created it')
  return service.store.conversations.setMember(conversation.id, member, { signal })
}

/** Removes a member. Every member may remove themselves. */
export async function removeMember(
  service: ServiceContext,
  request: ConversationRequest & { readonly userId: string },
): Promise<Conversation> {
  const leaves = request.userId === request.identity?.userId
  const { conversation } = await service.open(request, leaves ? 'get' : 'removeMember')
  checkId('userId', request.userId)
  return service.store.conversations.removeMember(conversation.id, request.userId, { signal: request.signal })
}

/** The lifetime usage of a user; for one conversation, see its `usage`. */
export async function userUsage(
  service: ServiceContext,
  request: { readonly identity: Identity; readonly signal?: AbortSignal | undefined },
): Promise<UserUsage> {
  const identity = service.guard.identify(request.identity)
  const { userId, orgId } = identity
  await service.guard.checkPlace(identity, 'usage', { userId })
  return service.store.usage.get({ userId, orgId }, { signal: request.signal })
}

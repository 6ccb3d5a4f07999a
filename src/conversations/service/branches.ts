import { LlmError } from '../../core/error.ts'
import { newId } from '../../core/create-id.ts'
import type { UserPart } from '../../core/message.ts'
import type { Identity } from '../contract/permissions.ts'
import type { Conversation, NewMessage, StoredMessage } from '../storage/records.ts'
import type { ChatStoreUnit } from '../storage/store.ts'
import { buildContext } from '../context/build-context.ts'
import {
  storedContent,
  messageOf,
  requestContent,
  speakerName,
  textOfContent,
} from '../contract/message-content.ts'
import type { ConversationRequest, ServiceContext } from '../contract/service-context.ts'
import { viewOf, type MessageView } from './conversations.ts'
import type { PriorResult, TurnPlan } from '../contract/turn-plan.ts'
import { isSame, findPriorResult, requestIdReused } from '../turn/plan-turn.ts'
import { checkAnswer, checkSend, readMessage, refuse, type AnswerOptions } from '../contract/requests.ts'
import { mergeSettings } from '../context/merge-settings.ts'

/** Which answer to make anew. */
export interface RegenerateRequest extends AnswerOptions {
  readonly conversationId: string
  /** An answer, or the user's turn that it answers. */
  readonly messageId: string
  /** Found passages and words of the first try are not kept: give them again. */
  readonly context?: readonly string[] | undefined
  readonly customPrompt?: string | undefined
}

/** A user's turn, said in other words. */
export interface ResendRequest extends RegenerateRequest {
  readonly message: string | readonly UserPart[]
}

/** Plans a new answer to a question; the earlier ones stay as variants, and what came after the question leaves the history. */
export async function planRegenerate(
  desk: ServiceContext,
  request: RegenerateRequest,
): Promise<TurnPlan | PriorResult> {
  checkAnswer(request)
  const { identity, conversation } = await desk.open(request, 'regenerate')
  const { requestId = newId('req'), signal } = request
  const before = await findPriorResult(desk, conversation, { requestId, signal })
  if (before !== undefined && 'answer' in before) return before
  const question = await questionOf(desk, conversation, request)
  const after = await listAfter(desk, conversation.id, question.sequence)
  const answers = after.filter((message) => answersTo(message, question))
  const first = answers.find(({ role }) => role === 'assistant')
  const off = after.filter(({ active }) => active).map(({ id }) => id)
  const assembled = await assembleFor(desk, request, { identity, conversation, question, inFlight: [] })
  return {
    operation: 'regenerate',
    identity,
    requestId,
    conversationId: conversation.id,
    conversation,
    opening: {},
    persist: true,
    questionId: question.id,
    questionText: textOfContent(question.content),
    settings: mergeSettings(desk, request, conversation),
    reply: {
      step: before?.reply.step ?? 1,
      parentId: question.parentId,
      variantOf: first?.variantOf ?? first?.id,
      off,
    },
    ...assembled,
  }
}

/** Plans a user's turn in other words: it takes the place of the first, and what came after that leaves the history. */
export async function planResend(
  desk: ServiceContext,
  request: ResendRequest,
): Promise<TurnPlan | PriorResult> {
  checkSend(request)
  const { identity, conversation } = await desk.open(request, 'resend')
  const { requestId = newId('req'), signal, messageId } = request
  const before = await findPriorResult(desk, conversation, { requestId, signal })
  if (before !== undefined && 'answer' in before) return before
  const original = await desk.message(conversation.id, messageId, signal)
  if (original.role !== 'user') refuse('messageId', 'names no turn of a user')
  requireAuthor(original, identity, await canManage(desk, identity, conversation))
  const kept = storedContent(await readMessage(request.message))
  if (before?.question !== undefined && !isSame(before.question, kept)) throw requestIdReused(requestId)
  const asked: NewMessage = {
    id: before?.question?.id ?? crypto.randomUUID(),
    role: 'user',
    content: kept,
    userId: identity.userId,
    name: original.name,
    parentId: original.parentId,
    variantOf: original.variantOf ?? original.id,
    requestId,
    requestStep: 0,
  }
  const question = { ...original, content: kept }
  const inFlight = before?.inFlight ?? []
  const assembled = await assembleFor(desk, request, { identity, conversation, question, inFlight })
  const written = before?.question !== undefined
  return {
    operation: 'resend',
    identity,
    requestId,
    conversationId: conversation.id,
    conversation,
    opening: written ? {} : { question: asked, offAfter: original.sequence - 1 },
    persist: true,
    questionId: asked.id ?? '',
    questionText: textOfContent(kept),
    settings: mergeSettings(desk, request, conversation),
    reply: before?.reply ?? { step: 1, parentId: original.parentId },
    ...assembled,
  }
}

interface Asked {
  readonly identity: Identity
  readonly conversation: Conversation
  readonly question: StoredMessage
  readonly inFlight: readonly StoredMessage[]
}

function assembleFor(
  desk: ServiceContext,
  request: RegenerateRequest,
  { identity, conversation, question, inFlight }: Asked,
): Promise<Awaited<ReturnType<typeof buildContext>>> {
  const content = requestContent(question.content as string | readonly UserPart[], request)
  return buildContext(desk, request, {
    identity,
    conversation,
    conversationId: conversation.id,
    before: question.sequence,
    thread: question.parentId,
    current: messageOf({ ...question, content, name: speakerName(question.name) }),
    inFlight,
  })
}

async function questionOf(
  desk: ServiceContext,
  { id }: Conversation,
  { messageId, signal }: RegenerateRequest,
): Promise<StoredMessage> {
  const message = await desk.message(id, messageId, signal)
  if (message.role === 'user') return message
  const answered = message.metadata['answers']
  if (typeof answered === 'string') return desk.message(id, answered, signal)
  // An answer that was imported or copied: the user's turn before it.
  const { items } = await desk.store.messages.list(
    id,
    { before: message.sequence, order: 'newest', roles: ['user'], limit: 1 },
    { signal },
  )
  const [found] = items
  if (found === undefined) refuse('messageId', 'names a message that answers no turn of a user')
  return found
}

function answersTo({ metadata, role }: StoredMessage, question: StoredMessage): boolean {
  if (metadata['answers'] === undefined) return role === 'assistant'
  return metadata['answers'] === question.id
}

async function listAfter(desk: ServiceContext, id: string, after: number): Promise<readonly StoredMessage[]> {
  const found: StoredMessage[] = []
  let cursor: string | undefined
  do {
    const page = await desk.store.messages.list(id, { after, inactive: true, limit: 200, cursor })
    found.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return found
}

/** What was said in the place of a message, itself among it, oldest first. */
export async function variants(
  desk: ServiceContext,
  request: ConversationRequest & { readonly messageId: string },
): Promise<readonly MessageView[]> {
  const { conversation } = await desk.open(request, 'variants')
  const found = await variantsOf(desk, conversation.id, request)
  return found.map((message) => viewOf(message))
}

async function variantsOf(
  desk: ServiceContext,
  conversationId: string,
  { messageId, signal }: { readonly messageId: string; readonly signal?: AbortSignal | undefined },
): Promise<readonly StoredMessage[]> {
  const message = await desk.message(conversationId, messageId, signal)
  const query = { variantsOf: message.variantOf ?? message.id, limit: 200 }
  return (await desk.store.messages.list(conversationId, query, { signal })).items
}

/** Makes one of several variants the one that counts; what followed the other leaves the history. */
export async function selectVariant(
  desk: ServiceContext,
  request: ConversationRequest & { readonly messageId: string },
): Promise<MessageView> {
  const { conversation } = await desk.open(request, 'chooseVariant')
  const { id } = conversation
  const all = await variantsOf(desk, id, request)
  const chosen = all.find((message) => message.id === request.messageId)
  if (chosen === undefined || chosen.active) return viewOf(await desk.message(id, request.messageId))
  const current = all.filter(({ active }) => active)
  const from = Math.min(...current.map(({ sequence }) => sequence))
  // The rounds of tool calls that led to an answer belong to it.
  const rounds = await roundsOf(desk, id, chosen)
  const off = await Promise.all(current.map((message) => roundsOf(desk, id, message)))
  await desk.store.messages.activate(id, {
    on: [...rounds, chosen.id],
    off: off.flat(),
    ...(Number.isFinite(from) ? { offAfter: from - 1 } : {}),
  })
  return viewOf(await desk.message(id, chosen.id))
}

async function roundsOf(
  desk: ServiceContext,
  id: string,
  message: StoredMessage,
): Promise<readonly string[]> {
  if (message.role !== 'assistant' || message.requestId === undefined) return []
  const written = await desk.store.messages.findByRequest(id, message.requestId)
  return written
    .filter(({ requestStep, partial }) => requestStep !== 0 && !partial)
    .filter((other) => other.id !== message.id && other.deletedAt === undefined)
    .map((other) => other.id)
}

/** Where a fork ends, and what it is called. */
export interface ForkRequest extends ConversationRequest {
  /** The last message that is copied. Left out: all are. */
  readonly messageId?: string | undefined
  readonly title?: string | undefined
}

/** Copies a conversation up to a message into a new one, which knows where it comes from. */
export async function forkConversation(desk: ServiceContext, request: ForkRequest): Promise<Conversation> {
  const { identity, conversation } = await desk.open(request, 'fork')
  const { id, orgId, projectId, model, temperature, personaId, metadata } = conversation
  const { signal } = request
  await desk.guard.checkPlace(identity, 'create', { userId: identity.userId, orgId, projectId })
  const last = request.messageId === undefined ? undefined : await desk.message(id, request.messageId, signal)
  if (last?.active === false) refuse('messageId', 'names a variant that does not count; choose it first')
  const newest = last?.sequence ?? conversation.lastSequence
  return desk.store.transaction(
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

// Ids are unique in their conversation alone: replies and answers keep pointing to what they pointed to. What a message cost
// was paid once, in the conversation it was made in.
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
  const said = { id, role, content, userId, name, toolCallId, isError, partial, ...parent }
  return { ...said, provider, model, finishReason, metadata, createdAt }
}

/** Refuses to change what somebody else wrote, unless the one who asks rules the conversation. */
export function requireAuthor({ userId, id }: StoredMessage, identity: Identity, ruling: boolean): void {
  if (ruling || userId === identity.userId) return
  const message = `message "${id}" was written by somebody else: its author may change it, or who rules the conversation`
  throw new LlmError('unauthorized', message, { code: 'forbidden' })
}

/** True for the owner and the admins of a conversation. */
export async function canManage(
  desk: ServiceContext,
  identity: Identity,
  conversation: Conversation,
): Promise<boolean> {
  const role = await desk.guard.check(identity, 'get', conversation)
  return role === 'owner' || role === 'admin'
}

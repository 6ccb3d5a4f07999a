import { LlmError } from '../../core/error.ts'
import { newId } from '../../core/create-id.ts'
import type { UserPart } from '../../core/message.ts'
import type { Warning } from '../../core/response.ts'
import type { Identity } from '../contract/permissions.ts'
import type {
  Conversation,
  NewAttachment,
  NewConversation,
  NewMessage,
  StoredMessage,
} from '../storage/records.ts'
import { checkAttachmentCount, attachmentPart, readAttachment } from '../contract/validate-attachment.ts'
import {
  callsTools,
  storedContent,
  messageOf,
  sameContent,
  requestContent,
  speakerName,
  textOfContent,
} from '../contract/message-content.ts'
import type { ServiceContext } from '../contract/service-context.ts'
import type { PriorResult, AnswerLocation, TurnPlan } from '../contract/turn-plan.ts'
import { checkSend, readMessage, refuse, type SendRequest } from '../contract/requests.ts'
import { buildContext } from '../context/build-context.ts'
import { mergeSettings } from '../context/merge-settings.ts'

/** Reads and decides everything about a user's turn. Gives the earlier result where its request was answered before. */
export async function planTurn(desk: ServiceContext, request: SendRequest): Promise<TurnPlan | PriorResult> {
  checkSend(request)
  const identity = desk.guard.identify(request.identity)
  const { persist, warnings } = persistence(desk, request)
  const known = await findConversation(desk, request, identity)
  const files = await readFiles(desk, request, { identity, known })
  const kept = storedContent(await readMessage(request.message), files.parts)
  const before = await earlierOf(desk, request, { known, kept, persist })
  if (before !== undefined && 'answer' in before) return before
  const conversationId = known?.id ?? crypto.randomUUID()
  const { question } = before ?? {}
  const requestId = request.requestId ?? newId('req')
  const questionId = question?.id ?? crypto.randomUUID()
  const message = messageOf({
    role: 'user',
    content: requestContent(kept, request),
    name: speakerName(request.name),
  })
  const assembled = await buildContext(desk, request, {
    identity,
    conversation: known,
    conversationId,
    before: question?.sequence,
    thread: request.parentId,
    current: message,
    inFlight: before?.inFlight ?? [],
  })
  const asked = questionRow(request, { id: questionId, content: kept, requestId })
  const fresh = known === undefined && persist ? newConversation(desk, request, conversationId) : undefined
  return {
    operation: 'send',
    identity,
    requestId,
    conversationId,
    conversation: known,
    opening: {
      conversation: fresh,
      question: question === undefined ? asked : undefined,
      ...(question === undefined ? { attachments: files.rows, attachmentIds: request.attachmentIds } : {}),
    },
    persist,
    questionId,
    questionText: textOfContent(kept),
    settings: mergeSettings(desk, request, known),
    reply: { parentId: request.parentId, ...(before?.reply ?? { step: 1 }) },
    warnings: [...warnings, ...assembled.warnings],
    persona: assembled.persona,
    messages: assembled.messages,
    currentAt: assembled.currentAt,
    changeAnswer: assembled.changeAnswer,
  }
}

function questionRow(
  { identity, name, parentId, metadata }: SendRequest,
  said: { readonly id: string; readonly content: NewMessage['content']; readonly requestId: string },
): NewMessage {
  return { ...said, role: 'user', userId: identity.userId, name, parentId, requestStep: 0, metadata }
}

/** What a request with this id wrote before: its answer, or how far it came. */
export interface InterruptedTurn {
  readonly question: StoredMessage | undefined
  /** Rounds of tool calls that were completed. */
  readonly inFlight: readonly StoredMessage[]
  readonly reply: AnswerLocation
}

/** What is known of a request that came before; an answer that is whole ends the search. */
export async function findPriorResult(
  desk: ServiceContext,
  conversation: Conversation,
  { requestId, signal }: { readonly requestId: string; readonly signal?: AbortSignal | undefined },
): Promise<InterruptedTurn | PriorResult | undefined> {
  const written = await desk.store.messages.findByRequest(conversation.id, requestId, { signal })
  if (written.length === 0) return undefined
  const question = written.find(({ requestStep }) => requestStep === 0)
  const answers = written.filter(({ role }) => role === 'assistant')
  const answer = answers.findLast((message) => !message.partial && !callsTools(message))
  if (answer !== undefined) return { conversation, question, answer, written }
  const handedOver = answers.findLast((message) => !message.partial && !hasResults(message, written))
  if (handedOver !== undefined) return { conversation, question, answer: handedOver, written }
  const cut = answers.filter(({ partial }) => partial)
  const step = Math.max(...written.map(({ requestStep = 0 }) => requestStep)) + 1
  const inFlight = written.filter(({ requestStep, partial }) => requestStep !== 0 && !partial)
  const first = cut[0]
  const place =
    first === undefined ? {} : { variantOf: first.variantOf ?? first.id, off: cut.map(({ id }) => id) }
  return { question, inFlight, reply: { step, ...place } }
}

// An answer whose tool calls were the caller's to make is an end, too.
function hasResults({ id, sequence }: StoredMessage, written: readonly StoredMessage[]): boolean {
  const next = written.find((message) => message.sequence > sequence && message.id !== id)
  return next?.role === 'tool'
}

async function earlierOf(
  desk: ServiceContext,
  request: SendRequest,
  {
    known,
    kept,
    persist,
  }: { known: Conversation | undefined; kept: NewMessage['content']; persist: boolean },
): Promise<InterruptedTurn | PriorResult | undefined> {
  const { requestId, signal } = request
  if (requestId === undefined || known === undefined || !persist) return undefined
  const before = await findPriorResult(desk, known, { requestId, signal })
  const question = before?.question
  if (before === undefined) return undefined
  if (question !== undefined && isSame(question, kept)) return before
  throw requestIdReused(requestId)
}

/** True where a stored question is what is asked now, as far as can be told: its words may have been changed since. */
export function isSame(
  { content, deletedAt, editedAt, metadata }: StoredMessage,
  kept: NewMessage['content'],
): boolean {
  if (deletedAt !== undefined) return false
  return editedAt !== undefined || metadata['moderated'] === true || sameContent(content, kept)
}

/** A request id that came before with something else. */
export function requestIdReused(requestId: string): LlmError {
  const message = `request "${requestId}" came before with another message, or its message was deleted; give a new message a new requestId`
  return new LlmError('conflict', message, { code: 'request-reused' })
}

function persistence(
  desk: ServiceContext,
  request: SendRequest,
): { persist: boolean; warnings: readonly Warning[] } {
  const wanted = request.persist ?? desk.options.persist ?? true
  const able = desk.options.store !== undefined
  if (!wanted || able) return { persist: wanted, warnings: [] }
  const message = 'the turn was not kept: this chat service has no store'
  return { persist: false, warnings: request.persist === true ? [{ type: 'other', message }] : [] }
}

async function findConversation(
  desk: ServiceContext,
  request: SendRequest,
  identity: Identity,
): Promise<Conversation | undefined> {
  const { conversationId, requestId, signal } = request
  if (conversationId !== undefined)
    return (await desk.open({ identity, conversationId, signal }, 'send')).conversation
  if (request.parentId !== undefined) refuse('parentId', 'needs the conversationId that it belongs to')
  const begun =
    requestId === undefined || desk.options.store === undefined
      ? undefined
      : await desk.store.conversations.findByRequest(identity.userId, requestId, { signal })
  if (begun !== undefined)
    return (await desk.open({ ...request, conversationId: begun.id }, 'send')).conversation
  await desk.guard.checkPlace(identity, 'create', ownerScope(request))
  return undefined
}

/** Where a conversation that a request begins belongs. */
export function ownerScope({
  identity,
  orgId = identity.orgId,
  projectId = orgId === identity.orgId ? identity.projectId : undefined,
}: {
  readonly identity: Identity
  readonly orgId?: string | undefined
  readonly projectId?: string | undefined
}): { userId: string; orgId: string | undefined; projectId: string | undefined } {
  return { userId: identity.userId, orgId, projectId }
}

function newConversation(desk: ServiceContext, request: SendRequest, id: string): NewConversation {
  const { defaults } = desk.options
  const { title, persona, requestId } = request
  const { provider, model: named } = request
  const whole =
    named === undefined || provider === undefined || named.startsWith(`${provider}/`)
      ? named
      : `${provider}/${named}`
  const model = provider === undefined ? (whole ?? defaults?.model) : whole
  const temperature = request.temperature ?? defaults?.temperature
  return { id, ...ownerScope(request), title, personaId: persona, model, temperature, requestId }
}

interface Files {
  readonly parts: readonly UserPart[]
  readonly rows: readonly NewAttachment[]
}

// The bytes are kept once, in the message; the row says what they are.
async function readFiles(
  desk: ServiceContext,
  request: SendRequest,
  { identity, known }: { readonly identity: Identity; readonly known: Conversation | undefined },
): Promise<Files> {
  const { attachments = [], attachmentIds = [] } = request
  const limits = desk.options.attachments
  checkAttachmentCount(attachments.length + attachmentIds.length, limits)
  const given = attachments.map((input, at) =>
    readAttachment(input, identity.userId, limits, `attachments.${at}`),
  )
  const rows = given.map(({ data: _data, text: _text, ...row }) => row)
  const parts = given.map((attachment) => attachmentPart({ ...attachment }))
  for (const id of attachmentIds) {
    const found = known && (await desk.store.attachments.get(known.id, id, { signal: request.signal }))
    if (found === undefined)
      throw new LlmError('not-found', `there is no attachment "${id}" in this conversation`, {
        code: 'attachment-not-found',
      })
    parts.push(attachmentPart(found))
  }
  return { parts, rows }
}

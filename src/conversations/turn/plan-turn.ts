import { LlmError } from '../../core/error.ts'
import { newId } from '../../core/create-id.ts'
import type { UserPart } from '../../core/message.ts'
import type { Conversation, NewAttachment, NewConversation, NewMessage } from '../storage/index.ts'
import {
  type Identity,
  type PriorResult,
  type SendRequest,
  type ServiceContext,
  type TurnPlan,
  attachmentPart,
  checkAttachmentCount,
  checkSend,
  messageOf,
  ownerScope,
  readAttachment,
  readMessage,
  refuse,
  requestContent,
  speakerName,
  storedContent,
  textOfContent,
  throughPipeline,
} from '../contract/index.ts'
import { buildContext, mergeSettings } from '../context/index.ts'
import { type InterruptedTurn, findPriorResult, isSameQuestion, requestIdReused } from './prior-result.ts'

/** Plans the turn of a `send` request. Resolves to the stored result if the request was answered before. */
export async function planTurn(service: ServiceContext, given: SendRequest): Promise<TurnPlan | PriorResult> {
  checkSend(given)
  const identity = service.guard.identify(given.identity)
  const persist = given.persist ?? service.options.persist ?? true
  const named = await findConversation(service, given, identity)
  const { conversation: known } = named
  const files = await readFiles(service, given, { identity, known })
  const { request, content } = await drafted(service, given, { identity, known, files })
  const prior = await priorOf(service, request, { known, content, persist })
  if (prior !== undefined && 'answer' in prior) return prior
  const conversationId = known?.id ?? named.id ?? crypto.randomUUID()
  const { question } = prior ?? {}
  const requestId = request.requestId ?? newId('req')
  const questionId = question?.id ?? request.newIds?.userMessageId ?? crypto.randomUUID()
  const message = messageOf({
    role: 'user',
    content: requestContent(content, request),
    name: speakerName(request.name),
  })
  const built = await buildContext(service, request, {
    identity,
    conversation: known,
    conversationId,
    before: question?.sequence,
    thread: request.parentId,
    current: message,
    completedRounds: prior?.completedRounds ?? [],
  })
  const row = questionRow(request, { id: questionId, content, requestId })
  const head = { id: conversationId, personaId: built.personaId }
  const fresh = known === undefined && persist ? newConversation(service, request, head) : undefined
  return {
    operation: 'send',
    identity,
    requestId,
    conversationId,
    conversation: known,
    admissionWrites: {
      conversation: fresh,
      question: question === undefined ? row : undefined,
      ...(question === undefined ? { attachments: files.rows, attachmentIds: request.attachmentIds } : {}),
    },
    persist,
    questionId,
    answerId: request.newIds?.messageId ?? crypto.randomUUID(),
    onAccepted: request.onAccepted,
    questionText: textOfContent(content),
    settings: mergeSettings(service, request, known),
    answerLocation: { parentId: request.parentId, ...(prior?.answerLocation ?? { step: 1 }) },
    warnings: built.warnings,
    persona: built.persona,
    messages: built.messages,
    currentAt: built.currentAt,
    isInstructed: built.isInstructed,
    transformAnswer: built.transformAnswer,
  }
}

/** The request and its content as the pipeline left them. */
async function drafted(
  service: ServiceContext,
  given: SendRequest,
  {
    identity,
    known,
    files,
  }: { readonly identity: Identity; readonly known: Conversation | undefined; readonly files: Files },
): Promise<{ readonly request: SendRequest; readonly content: string | readonly UserPart[] }> {
  const written = storedContent(await readMessage(given.message), files.parts)
  const { content, name, metadata } = await throughPipeline(
    service,
    { role: 'user', content: written, name: given.name, metadata: given.metadata },
    { identity, conversationId: known?.id, operation: 'send' },
  )
  return { request: { ...given, name, metadata }, content }
}

function questionRow(
  { identity, name, parentId, metadata }: SendRequest,
  fields: { readonly id: string; readonly content: NewMessage['content']; readonly requestId: string },
): NewMessage {
  return { ...fields, role: 'user', userId: identity.userId, name, parentId, requestStep: 0, metadata }
}

async function priorOf(
  service: ServiceContext,
  request: SendRequest,
  {
    known,
    content,
    persist,
  }: { known: Conversation | undefined; content: NewMessage['content']; persist: boolean },
): Promise<InterruptedTurn | PriorResult | undefined> {
  const { requestId, signal } = request
  if (requestId === undefined || known === undefined || !persist) return undefined
  const prior = await findPriorResult(service, known, { requestId, signal })
  const question = prior?.question
  if (prior === undefined) return undefined
  if (question !== undefined && isSameQuestion(question, content)) return prior
  throw requestIdReused(requestId)
}

async function findConversation(
  service: ServiceContext,
  request: SendRequest,
  identity: Identity,
): Promise<NamedConversation> {
  const { conversationId, requestId, signal, begin = false } = request
  if (conversationId !== undefined && !begin)
    return { conversation: (await service.open({ identity, conversationId, signal }, 'send')).conversation }
  if (begin) {
    const found = await service.begin({ identity, conversationId: namedId(conversationId), signal }, 'send')
    if (found.conversation === undefined)
      await service.guard.checkPlace(identity, 'create', ownerScope(request))
    return found
  }
  if (request.parentId !== undefined) refuse('parentId', 'needs the conversationId of the message')
  const created =
    requestId === undefined
      ? undefined
      : await service.store.conversations.findByRequest(ownerScope(request), requestId, { signal })
  if (created !== undefined)
    return {
      conversation: (await service.open({ ...request, conversationId: created.id }, 'send')).conversation,
    }
  await service.guard.checkPlace(identity, 'create', ownerScope(request))
  return {}
}

/** The conversation of a turn, or the id under which the turn begins one. */
interface NamedConversation {
  readonly conversation?: Conversation | undefined
  readonly id?: string | undefined
}

function namedId(id: string | undefined): string {
  return id ?? refuse('begin', 'needs the conversationId of the new conversation')
}

function newConversation(
  service: ServiceContext,
  request: SendRequest,
  head: Pick<NewConversation, 'id' | 'personaId'>,
): NewConversation {
  const { defaults } = service.options
  const { title, requestId } = request
  const { provider, model: named } = request
  const full =
    named === undefined || provider === undefined || named.startsWith(`${provider}/`)
      ? named
      : `${provider}/${named}`
  const model = provider === undefined ? (full ?? defaults?.model) : full
  const temperature = request.temperature ?? defaults?.temperature
  return { ...head, ...ownerScope(request), title, model, temperature, requestId }
}

interface Files {
  readonly parts: readonly UserPart[]
  readonly rows: readonly NewAttachment[]
}

// The bytes are stored once, in the message; the attachment row only describes the file.
async function readFiles(
  service: ServiceContext,
  request: SendRequest,
  { identity, known }: { readonly identity: Identity; readonly known: Conversation | undefined },
): Promise<Files> {
  const { attachments = [], attachmentIds = [] } = request
  const limits = service.options.attachments
  checkAttachmentCount(attachments.length + attachmentIds.length, limits)
  const given = attachments.map((input, at) =>
    readAttachment(input, identity.userId, limits, `attachments.${at}`),
  )
  const rows = given.map(({ data: _data, text: _text, ...row }) => row)
  const parts = given.map((attachment) => attachmentPart({ ...attachment }))
  for (const id of attachmentIds) {
    const found = known && (await service.store.attachments.get(known.id, id, { signal: request.signal }))
    if (found === undefined)
      throw new LlmError('not-found', `no attachment "${id}" in this conversation`, {
        code: 'attachment-not-found',
      })
    parts.push(attachmentPart(found))
  }
  return { parts, rows }
}

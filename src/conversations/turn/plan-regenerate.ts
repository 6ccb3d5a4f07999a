import { LlmError } from '../../core/error.ts'
import { newId } from '../../core/create-id.ts'
import type { UserPart } from '../../core/message.ts'
import type { Conversation, NewMessage, StoredMessage } from '../storage/index.ts'
import {
  type DraftMessage,
  type Identity,
  type PriorResult,
  type RegenerateRequest,
  type ResendRequest,
  type ServiceContext,
  type TurnPlan,
  canManage,
  checkAnswer,
  checkSend,
  messageOf,
  questionFor,
  readBranch,
  readMessage,
  refuse,
  requestContent,
  requireAuthor,
  speakerName,
  storedContent,
  textOfContent,
  throughPipeline,
} from '../contract/index.ts'
import { buildContext, mergeSettings } from '../context/index.ts'
import { findPriorResult, isSameQuestion, requestIdReused } from './prior-result.ts'

/**
 * Plans a new answer to a user message. Earlier answers stay as variants, and all messages after the user message leave the
 * history. Resolves to the stored result if the request was answered before.
 */
export async function planRegenerate(
  service: ServiceContext,
  request: RegenerateRequest,
): Promise<TurnPlan | PriorResult> {
  checkAnswer(request)
  const { identity, conversation } = await service.open(request, 'regenerate')
  const { requestId = newId('req'), signal } = request
  const prior = await findPriorResult(service, conversation, { requestId, signal })
  if (prior !== undefined && 'answer' in prior) return prior
  const question = await questionOf(service, conversation, request)
  if (!question.active)
    refuse('messageId', 'belongs to a user message that is not in the history; call chooseVariant first')
  const completedRounds = prior?.completedRounds ?? []
  const built = await contextFor(service, request, { identity, conversation, question, completedRounds })
  return {
    operation: 'regenerate',
    identity,
    requestId,
    conversationId: conversation.id,
    conversation,
    admissionWrites: {},
    persist: true,
    questionId: question.id,
    answerId: request.newIds?.messageId ?? crypto.randomUUID(),
    onAccepted: request.onAccepted,
    questionText: textOfContent(question.content),
    settings: mergeSettings(service, request, conversation),
    answerLocation: {
      step: prior?.answerLocation.step ?? 1,
      parentId: question.parentId,
      upTo: conversation.lastSequence,
    },
    ...built,
  }
}

/**
 * Plans the replacement of a user message and its answer. The message and all messages after it leave the history. Resolves
 * to the stored result if the request was answered before.
 */
export async function planResend(
  service: ServiceContext,
  request: ResendRequest,
): Promise<TurnPlan | PriorResult> {
  checkSend(request)
  const { identity, conversation } = await service.open(request, 'resend')
  const { requestId = newId('req'), signal, messageId } = request
  const prior = await findPriorResult(service, conversation, { requestId, signal })
  if (prior !== undefined && 'answer' in prior) return prior
  const original = await service.message(conversation.id, messageId, signal)
  if (original.role !== 'user') refuse('messageId', 'does not name a user message')
  requireAuthor(original, identity, await canManage(service, identity, conversation))
  const draft = await throughPipeline<DraftMessage>(
    service,
    { role: 'user', content: storedContent(await readMessage(request.message)), name: original.name },
    { identity, conversationId: conversation.id, operation: 'resend' },
  )
  const content = draft.content as string | readonly UserPart[]
  if (prior?.question !== undefined && !isSameQuestion(prior.question, content))
    throw requestIdReused(requestId)
  const row: NewMessage = {
    id: prior?.question?.id ?? request.newIds?.userMessageId ?? crypto.randomUUID(),
    role: 'user',
    content,
    userId: identity.userId,
    name: draft.name,
    metadata: draft.metadata,
    parentId: original.parentId,
    variantOf: original.variantOf ?? original.id,
    requestId,
    requestStep: 0,
  }
  const question = { ...original, content, name: draft.name }
  const completedRounds = prior?.completedRounds ?? []
  const built = await contextFor(service, request, { identity, conversation, question, completedRounds })
  const written = prior?.question !== undefined
  return {
    operation: 'resend',
    identity,
    requestId,
    conversationId: conversation.id,
    conversation,
    admissionWrites: written ? {} : { question: row, replaces: original },
    persist: true,
    questionId: row.id ?? '',
    answerId: request.newIds?.messageId ?? crypto.randomUUID(),
    onAccepted: request.onAccepted,
    questionText: textOfContent(content),
    settings: mergeSettings(service, request, conversation),
    answerLocation: prior?.answerLocation ?? { step: 1, parentId: original.parentId },
    ...built,
  }
}

interface QuestionContext {
  readonly identity: Identity
  readonly conversation: Conversation
  readonly question: StoredMessage
  readonly completedRounds: readonly StoredMessage[]
}

/** Builds the messages of a call for an answer to a stored user message. */
export async function contextFor(
  service: ServiceContext,
  request: Omit<RegenerateRequest, 'messageId' | 'expected'>,
  { identity, conversation, question, completedRounds }: QuestionContext,
): Promise<Awaited<ReturnType<typeof buildContext>>> {
  const content = requestContent(question.content as string | readonly UserPart[], request)
  const { earlier } = await readBranch(service.store, question, request.signal)
  return buildContext(service, request, {
    identity,
    conversation,
    conversationId: conversation.id,
    before: question.sequence,
    late: earlier.filter(({ active }) => active),
    thread: question.parentId,
    current: messageOf({ ...question, content, name: speakerName(question.name) }),
    completedRounds,
  })
}

async function questionOf(
  service: ServiceContext,
  { id }: Conversation,
  { messageId, expected, signal }: RegenerateRequest,
): Promise<StoredMessage> {
  const message =
    messageId === undefined
      ? await newestQuestion(service, id, signal)
      : await service.message(id, messageId, signal)
  const found = message && (await questionFor(service.store, message, signal))
  if (found === undefined && message !== undefined)
    refuse('messageId', 'names a message that answers no user message')
  if (found !== undefined && (expected === undefined || isSameQuestion(found, await readMessage(expected))))
    return found
  throw new LlmError('not-found', `conversation "${id}" has no such user message`, {
    code: 'message-not-found',
  })
}

async function newestQuestion(
  { store }: ServiceContext,
  id: string,
  signal: AbortSignal | undefined,
): Promise<StoredMessage | undefined> {
  const query = { order: 'newest', roles: ['user'], limit: 1 } as const
  return (await store.messages.list(id, query, { signal })).items[0]
}

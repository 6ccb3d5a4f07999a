import { LlmError } from '../../core/error.ts'
import { newId } from '../../core/create-id.ts'
import type { UserPart } from '../../core/message.ts'
import type { Conversation, NewMessage, StoredMessage } from '../storage/index.ts'
import {
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
  readMessage,
  refuse,
  requestContent,
  requireAuthor,
  speakerName,
  storedContent,
  textOfContent,
} from '../contract/index.ts'
import { buildContext, mergeSettings } from '../context/index.ts'
import { findPriorResult, isSameQuestion, requestIdReused } from './prior-result.ts'

/** Plans a new answer to a question; the earlier ones stay as variants, and what came after the question leaves the history. */
export async function planRegenerate(
  service: ServiceContext,
  request: RegenerateRequest,
): Promise<TurnPlan | PriorResult> {
  checkAnswer(request)
  const { identity, conversation } = await service.open(request, 'regenerate')
  const { requestId = newId('req'), signal } = request
  const before = await findPriorResult(service, conversation, { requestId, signal })
  if (before !== undefined && 'answer' in before) return before
  const question = await questionOf(service, conversation, request)
  const after = await listAfter(service, conversation.id, question.sequence)
  const answers = after.filter((message) => answersTo(message, question))
  const first = answers.find(({ role }) => role === 'assistant')
  const off = after.filter(({ active }) => active).map(({ id }) => id)
  const built = await contextFor(service, request, { identity, conversation, question, inFlight: [] })
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
    settings: mergeSettings(service, request, conversation),
    reply: {
      step: before?.reply.step ?? 1,
      parentId: question.parentId,
      variantOf: first?.variantOf ?? first?.id,
      off,
    },
    ...built,
  }
}

/** Plans a user's turn in other words: it takes the place of the first, and what came after that leaves the history. */
export async function planResend(
  service: ServiceContext,
  request: ResendRequest,
): Promise<TurnPlan | PriorResult> {
  checkSend(request)
  const { identity, conversation } = await service.open(request, 'resend')
  const { requestId = newId('req'), signal, messageId } = request
  const before = await findPriorResult(service, conversation, { requestId, signal })
  if (before !== undefined && 'answer' in before) return before
  const original = await service.message(conversation.id, messageId, signal)
  if (original.role !== 'user') refuse('messageId', 'names no turn of a user')
  requireAuthor(original, identity, await canManage(service, identity, conversation))
  const kept = storedContent(await readMessage(request.message))
  if (before?.question !== undefined && !isSameQuestion(before.question, kept))
    throw requestIdReused(requestId)
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
  const built = await contextFor(service, request, { identity, conversation, question, inFlight })
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
    settings: mergeSettings(service, request, conversation),
    reply: before?.reply ?? { step: 1, parentId: original.parentId },
    ...built,
  }
}

interface Asked {
  readonly identity: Identity
  readonly conversation: Conversation
  readonly question: StoredMessage
  readonly inFlight: readonly StoredMessage[]
}

function contextFor(
  service: ServiceContext,
  request: RegenerateRequest,
  { identity, conversation, question, inFlight }: Asked,
): Promise<Awaited<ReturnType<typeof buildContext>>> {
  const content = requestContent(question.content as string | readonly UserPart[], request)
  return buildContext(service, request, {
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
  service: ServiceContext,
  { id }: Conversation,
  { messageId, signal }: RegenerateRequest,
): Promise<StoredMessage> {
  const message = await service.message(id, messageId, signal)
  if (message.role === 'user') return message
  const answered = message.metadata['answers']
  if (typeof answered === 'string') return service.message(id, answered, signal)
  // An answer that was imported or copied: the user's turn before it.
  const { items } = await service.store.messages.list(
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

async function listAfter(
  service: ServiceContext,
  id: string,
  after: number,
): Promise<readonly StoredMessage[]> {
  const found: StoredMessage[] = []
  let cursor: string | undefined
  do {
    const page = await service.store.messages.list(id, { after, inactive: true, limit: 200, cursor })
    found.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return found
}

import type {
  Activation,
  ChatStoreUnit,
  Conversation,
  MessageStore,
  NewMessage,
  StoredMessage,
} from '../storage/index.ts'
import {
  type Branch,
  type ConversationRequest,
  type MessageView,
  type PriorResult,
  type ServiceContext,
  TurnIndex,
  type TurnPlan,
  answersOf,
  endOf,
  onlyCounts,
  questionFor,
  readBranch,
  refuse,
  viewOf,
} from '../contract/index.ts'

/** All variants of a message, itself included, oldest first. */
export async function variants(
  service: ServiceContext,
  request: ConversationRequest & { readonly messageId: string },
): Promise<readonly MessageView[]> {
  const { conversation } = await service.open(request, 'variants')
  const { messageId, signal } = request
  const message = await service.message(conversation.id, messageId, signal)
  const found = await variantsOf(service.store, message, signal)
  return found.map((variant) => viewOf(variant))
}

async function variantsOf(
  { messages }: Pick<ChatStoreUnit, 'messages'>,
  message: StoredMessage,
  signal?: AbortSignal,
): Promise<readonly StoredMessage[]> {
  const end = message.role === 'user' ? message : await endOfAnswer(messages, message, signal)
  const query = { variantsOf: end.variantOf ?? end.id, limit: 200 }
  const { items } = await messages.list(message.conversationId, query, { signal })
  return items
}

// A tool call or a tool result belongs to the answer that it led to.
async function endOfAnswer(
  messages: MessageStore,
  message: StoredMessage,
  signal?: AbortSignal,
): Promise<StoredMessage> {
  const { conversationId: id, requestId, partial } = message
  if (requestId === undefined || partial) return message
  const written = await messages.findByRequest(id, requestId, { signal })
  return endOf(written.filter(({ partial: cut, deletedAt }) => !cut && deletedAt === undefined)) ?? message
}

/**
 * Makes a variant part of the history, with all messages of its answer. The other variants and the messages after them leave
 * the history.
 */
export async function selectVariant(
  service: ServiceContext,
  request: ConversationRequest & { readonly messageId: string },
): Promise<MessageView> {
  const { conversation } = await service.open(request, 'chooseVariant')
  const { id } = conversation
  const { messageId, signal } = request
  await service.message(id, messageId, signal)
  await service.store.transaction(
    async (unit) => {
      // Locks the conversation.
      await unit.conversations.get(id)
      const message = await unit.messages.get(id, messageId)
      const change = message === undefined ? undefined : await selection(unit, message)
      if (change !== undefined) await unit.messages.activate(id, change)
    },
    { signal },
  )
  return viewOf(await service.message(id, messageId))
}

async function selection(
  unit: Pick<ChatStoreUnit, 'messages'>,
  message: StoredMessage,
): Promise<Activation | undefined> {
  const question = await questionFor(unit, message)
  if (question === undefined) return onlyCounts([message], await variantsOf(unit, message))
  const { conversationId: id, variantOf } = question
  const root =
    variantOf === undefined
      ? question
      : ((await unit.messages.get(id, variantOf, { deleted: true })) ?? question)
  const branch = await readBranch(unit, question)
  const all = answersOf(branch)
  const chosen =
    message.id === question.id
      ? (all.findLast((answer) => endOf(answer)?.partial === false) ?? all.at(-1) ?? [])
      : (all.find((answer) => answer.some((row) => row.id === message.id)) ?? [message])
  const first = root.id === question.id ? branch : await readBranch(unit, root)
  const others = [...first.answers, ...branch.answers].filter((row) => !chosen.includes(row))
  const siblings =
    root.id === question.id ? [] : [root, ...first.later.filter(({ id: own }) => own !== question.id)]
  const present = message.id === question.id ? question.active : chosen.some(({ active }) => active)
  // What counts already keeps the messages after it.
  if (present && !others.some(({ active }) => active)) return undefined
  const inPlace = (await variantsOf(unit, question)).some(({ active }) => active)
  const left = inPlace ? [] : await turnsThatLeft(unit, root)
  const restored = left.flatMap(({ question: asked, answer }) => [asked, ...answer])
  const instead = left.flatMap((turn) => [...turn.answers, ...turn.later])
  return onlyCounts([...restored, question, ...chosen], [...siblings, ...others, ...branch.later, ...instead])
}

/** A turn of a branch that left the history, with the answer that the branch continued from. */
interface LeftTurn extends Branch {
  readonly answer: readonly StoredMessage[]
}

/**
 * The turns before a user message that left the history together with it, newest first. Ends at a turn of which a variant
 * still counts.
 */
async function turnsThatLeft(
  unit: Pick<ChatStoreUnit, 'messages'>,
  root: StoredMessage,
): Promise<readonly LeftTurn[]> {
  const left: LeftTurn[] = []
  const seen = new Set<string>()
  for await (const asked of questionsBefore(unit, root)) {
    const position = asked.variantOf ?? asked.id
    if (seen.has(position)) continue
    const wasThere = ({ sequence }: StoredMessage): boolean => sequence < root.sequence
    const branch = await readBranch(unit, asked)
    // An earlier turn was answered again, so this one had left before `root` was written.
    if (branch.earlier.some((row) => wasThere(row) && row.metadata['answers'] !== undefined)) continue
    seen.add(position)
    const forms = await variantsOf(unit, asked)
    if (forms.some((form) => form.active && wasThere(form))) break
    const answer = answersOf(branch).findLast(
      (rows) => endOf(rows)?.partial === false && rows.every(wasThere),
    )
    left.push({ ...branch, answer: answer ?? [] })
  }
  return left
}

async function* questionsBefore(
  { messages }: Pick<ChatStoreUnit, 'messages'>,
  { conversationId, sequence, parentId }: StoredMessage,
): AsyncGenerator<StoredMessage> {
  let cursor: string | undefined
  do {
    const query = { before: sequence, order: 'newest', roles: ['user'], inactive: true, limit: 50 } as const
    const page = await messages.list(conversationId, { ...query, cursor })
    for (const message of page.items) if (message.parentId === parentId) yield message
    cursor = page.nextCursor
  } while (cursor !== undefined)
}

/**
 * Passes the plan of a turn on. Rejects with `invalid-request` if it replaces a user message of a branch that left the
 * history, because the turns before it there would be missing.
 */
export async function requireBranch<P extends TurnPlan | PriorResult>(
  { store }: ServiceContext,
  plan: P,
  signal?: AbortSignal,
): Promise<P> {
  const original = 'answer' in plan ? undefined : plan.admissionWrites.replaces
  if (original === undefined || original.active) return plan
  const forms = await variantsOf(store, original, signal)
  if (!forms.some(({ active }) => active))
    refuse('messageId', 'belongs to a branch that is not in the history; call chooseVariant first')
  return plan
}

/** The conversation to fork, and the last message to copy. */
export interface ForkRequest extends ConversationRequest {
  /** Id of the last message to copy. Default: all messages are copied. */
  readonly messageId?: string | undefined
  /** Title of the fork. Default: the title of the conversation. */
  readonly title?: string | undefined
}

/** Copies a conversation with its attachments, up to a message or its answer, into a new one that refers to its parent. */
export async function forkConversation(service: ServiceContext, request: ForkRequest): Promise<Conversation> {
  const { identity, conversation } = await service.open(request, 'fork')
  const { id, orgId, projectId, model, temperature, personaId, metadata } = conversation
  const { signal } = request
  await service.guard.checkPlace(identity, 'create', { userId: identity.userId, orgId, projectId })
  const last =
    request.messageId === undefined ? undefined : await service.message(id, request.messageId, signal)
  if (last?.active === false) refuse('messageId', 'names an inactive variant; call chooseVariant first')
  const upTo = last && { last, question: await questionFor(service.store, last, signal) }
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
      const messages = await copyMessages(unit, { from: id, to: fork.id, upTo })
      await copyAttachments(unit, { from: id, to: fork.id, messages })
      return (await unit.conversations.get(fork.id)) ?? fork
    },
    { signal },
  )
}

// Message ids are kept, because they are unique only within a conversation and replies refer to them; so are request ids, by
// which answers stay behind their user messages. Usage is not copied, because it was paid once, in the original conversation.
async function copyMessages(
  unit: ChatStoreUnit,
  { from, to, upTo }: { readonly from: string; readonly to: string; readonly upTo: ForkPlace | undefined },
): Promise<ReadonlySet<string>> {
  const copied = new Set<string>()
  const index = new TurnIndex()
  let cursor: string | undefined
  do {
    const page = await unit.messages.list(from, { limit: 200, cursor })
    const rows = page.items.filter((message) => isBefore(message, index, upTo))
    const copies = rows.map((message) => copyOf(message, copied))
    if (copies.length > 0) await unit.messages.append(to, copies)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return copied
}

/** Where a fork ends: behind the answer that contains `last`, or behind `last`, if it is a user message. */
interface ForkPlace {
  readonly last: StoredMessage
  /** The user message that `last` belongs to; absent if there is none. */
  readonly question: StoredMessage | undefined
}

// In conversation order, in which an answer comes directly after its user message.
function isBefore(message: StoredMessage, index: TurnIndex, upTo: ForkPlace | undefined): boolean {
  const questionId = index.assign(message)
  if (upTo === undefined) return true
  const { last, question } = upTo
  const place = (questionId === undefined ? undefined : index.sequenceOf(questionId)) ?? message.sequence
  const end = question?.sequence ?? last.sequence
  if (place !== end || message.id === question?.id) return place <= end
  if (last.role === 'user') return false
  const isOfAnswer = last.requestId !== undefined && message.requestId === last.requestId
  return message.sequence <= last.sequence || isOfAnswer
}

function copyOf(message: StoredMessage, copied: Set<string>): NewMessage {
  const { id, role, content, userId, name, toolCallId, isError, partial, provider, model } = message
  const { finishReason, metadata, createdAt, parentId, requestId, requestStep } = message
  copied.add(id)
  const parent = parentId !== undefined && copied.has(parentId) ? { parentId } : {}
  const fields = { id, role, content, userId, name, toolCallId, isError, partial, ...parent }
  return { ...fields, provider, model, finishReason, metadata, createdAt, requestId, requestStep }
}

// Files of no message are copied too: they were attached to be sent later.
async function copyAttachments(
  unit: ChatStoreUnit,
  {
    from,
    to,
    messages,
  }: { readonly from: string; readonly to: string; readonly messages: ReadonlySet<string> },
): Promise<void> {
  let cursor: string | undefined
  do {
    const page = await unit.attachments.list(from, { limit: 200, cursor })
    for (const { conversationId: _from, createdAt: _at, ...attachment } of page.items)
      if (attachment.messageId === undefined || messages.has(attachment.messageId))
        await unit.attachments.add(to, attachment)
    cursor = page.nextCursor
  } while (cursor !== undefined)
}

import type { AcceptedTurn } from '../../../conversations/contract/index.ts'
import { newId } from '../../../core/create-id.ts'
import { LlmError } from '../../../core/error.ts'
import type { Message } from '../../../core/message.ts'
import type { ChatRequest } from '../../../core/request.ts'
import type { Decision } from '../../../tools/index.ts'
import type { ReplyStream } from '../../runs/index.ts'
import { tagsOf, type GuardedRequest } from '../guards/index.ts'
import { keyOf } from './access-key.ts'
import type { ChatInput } from './chat-input.ts'
import { identityOf, roomKey, streamOnce, type ChatServiceTarget, type TurnReply } from './stored-chats.ts'
import { readPageTurn, type PageTurn } from './page-turn.ts'
import { chosenAgent } from './page-allowance.ts'
import { decisionsOf } from './page-decisions.ts'
import type { RouteParts } from './stream-request.ts'

/** The ids of a stored answer. */
export type AnswerIds = Partial<AcceptedTurn> & Pick<AcceptedTurn, 'conversationId'>

/** An answer that is ready to be started as a run. */
export interface Answer {
  readonly key: string
  /** For the estimate of a usage that is not reported. */
  readonly messages: readonly Message[] | undefined
  readonly open: (signal: AbortSignal, runId: string) => Promise<ReplyStream>
  /** The ids that are known so far. */
  readonly ids: () => AnswerIds
  /** Resolves when the ids are known; absent if they are known from the start. */
  readonly known?: Promise<void> | undefined
  /** Set if it goes on with an answer that the page has. */
  readonly continues?: true | undefined
  /** How long the response waits for `known`, in milliseconds. */
  readonly waitMs?: number | undefined
}

/** Longest wait for the admission of a turn, and for the stream of a `respond` that chooses its conversation. */
const ADMISSION_WAIT_MS = 2_000
const RESPOND_WAIT_MS = 15_000

/** Prepares the answer of a plain call or of the application's own `respond`. */
export async function plainAnswer(
  { respond, check }: RouteParts,
  { access, request, requestId }: GuardedRequest,
  input: ChatInput,
): Promise<Answer> {
  const messages = await check?.(input)
  const named = input.conversationId
  const conversationId = named ?? newId('conv')
  const known = Promise.withResolvers<void>()
  let ids: AnswerIds = { conversationId }
  const open = async (signal: AbortSignal, runId: string): Promise<ReplyStream> => {
    const stream = await respond(input, { signal, access, request, requestId, runId, conversationId })
    const { messageId, userMessageId } = stream
    ids = { conversationId: stream.conversationId ?? conversationId, messageId, userMessageId }
    known.resolve()
    return stream
  }
  const waits = named === undefined && check === undefined
  const wait = waits ? { known: known.promise, waitMs: RESPOND_WAIT_MS } : {}
  return { key: keyOf(access, conversationId), messages, open, ids: () => ids, ...wait }
}

/** Prepares a turn of a chat service. Rejects if the caller may not write into the conversation. */
export async function turnAnswer(
  chats: ChatServiceTarget,
  { options }: RouteParts,
  guarded: GuardedRequest,
  input: ChatInput,
): Promise<Answer> {
  const { access, requestId, request } = guarded
  const turn = readPageTurn(input)
  const identity = identityOf(access)
  const agent = chosenAgent(input.body, options.allow) ?? options.agent
  const conversationId = input.conversationId ?? crypto.randomUUID()
  const operation = turn.action === 'continue' ? 'send' : turn.action
  const place = { identity, conversationId, begin: turn.begin && turn.action !== 'resend' }
  const located = await chats.locate({ ...place, operation, signal: request.signal })
  const known = Promise.withResolvers<void>()
  const newIds = { messageId: crypto.randomUUID(), userMessageId: turn.userMessageId ?? crypto.randomUUID() }
  let ids: AnswerIds = {
    conversationId: located.conversationId,
    messageId: newIds.messageId,
    ...(turn.action === 'send' ? { userMessageId: newIds.userMessageId } : {}),
  }
  const accept = ({ conversationId: stored, messageId, userMessageId }: AcceptedTurn): void => {
    ids = { conversationId: stored, messageId, userMessageId }
    known.resolve()
  }
  const open = async (signal: AbortSignal): Promise<ReplyStream> => {
    const settings = { ...callOf(options.defaults), ...input.settings }
    const caller = { priority: access.priority, tags: tagsOf(access), requestId, signal }
    const request_ = { ...settings, ...caller, ...place, agent, newIds, onAccepted: accept }
    const decisions = await decisionsOf(chats, turn, { options, access, request: request_ })
    const stream = await openTurn(chats, { ...turn, decisions }, request_)
    accept(stream)
    return stream
  }
  const { message } = turn
  const messages = message === undefined ? undefined : [{ role: 'user' as const, content: message }]
  const continues = turn.action === 'continue' ? (true as const) : undefined
  const wait = { known: known.promise, waitMs: ADMISSION_WAIT_MS, continues }
  return { key: roomKey(located.conversationId), messages, open, ids: () => ids, ...wait }
}

type TurnRequest = Omit<Parameters<ChatServiceTarget['stream']>[0], 'message'> & {
  readonly conversationId: string
}

interface ReadyTurn extends Omit<PageTurn, 'decisions'> {
  readonly decisions: readonly Decision[]
}

async function openTurn(chats: ChatServiceTarget, turn: ReadyTurn, request: TurnRequest): Promise<TurnReply> {
  const { action, messageId, message } = turn
  const { begin: _begin, ...existing } = request
  if (action === 'send') return streamOnce(chats, { ...request, message: message ?? '' })
  if (action === 'regenerate') return regenerateTurn(chats, turn, request)
  if (action === 'continue') return continueTurn(chats, turn, existing)
  // The replaced message keeps its id, so the new one has another.
  const { messageId: answerId, userMessageId } = request.newIds ?? {}
  const newIds = {
    messageId: answerId,
    userMessageId: userMessageId === messageId ? undefined : userMessageId,
  }
  return chats.resendStream({ ...existing, newIds, messageId: messageId ?? '', message: message ?? '' })
}

function continueTurn(
  chats: ChatServiceTarget,
  { messageId = '', results, decisions }: ReadyTurn,
  { requestId: _requestId, newIds, ...request }: Omit<TurnRequest, 'begin'>,
): Promise<TurnReply> {
  if (chats.continueStream === undefined)
    throw new LlmError(
      'unsupported',
      'this chat service goes on with no results of a page: it has no continueStream',
    )
  return chats.continueStream({
    ...request,
    newIds: { messageId: newIds?.messageId },
    messageId,
    results,
    decisions,
  })
}

// A page may name an answer that failed before it was stored, or a message under an id of its own.
async function regenerateTurn(
  chats: ChatServiceTarget,
  { messageId, message, userMessageId, begin }: ReadyTurn,
  request: TurnRequest,
): Promise<TurnReply> {
  const { begin: _begin, ...existing } = request
  const named = messageId === undefined ? [] : [{ messageId }]
  const shown = userMessageId === undefined ? [] : [{ messageId: userMessageId, expected: message }]
  const newest = message === undefined && messageId !== undefined ? [] : [{ expected: message }]
  let unknown: unknown
  for (const wanted of [...named, ...shown, ...newest])
    try {
      return await chats.regenerateStream({ ...existing, ...wanted })
    } catch (error) {
      if (!LlmError.is(error, 'not-found')) throw error
      unknown = error
    }
  // A message whose first request was refused was never stored, so it is sent.
  if (message !== undefined && (begin || messageId === undefined))
    return streamOnce(chats, { ...request, message })
  throw unknown
}

// What identifies the call and its caller comes from the request, not from the defaults.
function callOf(defaults: Partial<ChatRequest> = {}): Omit<TurnRequest, 'identity' | 'conversationId'> {
  const {
    messages: _messages,
    stream: _stream,
    user: _user,
    userId: _userId,
    conversationId: _conversationId,
    requestId: _requestId,
    onAdmitted: _onAdmitted,
    onEnd: _onEnd,
    metadata: _metadata,
    system,
    ...settings
  } = defaults
  return typeof system === 'string' ? { ...settings, system } : settings
}

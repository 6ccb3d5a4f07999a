import type {
  ContinueRequest,
  ConversationRequest,
  Identity,
  LocatedConversation,
  LocateRequest,
  MessageView,
  RegenerateRequest,
  ResendRequest,
  SendRequest,
} from '../../../conversations/contract/index.ts'
import type { LogInfo } from '../../../core/stream-log.ts'
import { LlmError } from '../../../core/error.ts'
import { textOf } from '../../../core/json.ts'
import type { ReplyStream, RunHub } from '../../runs/index.ts'
import type { PendingCall } from '../../../tools/index.ts'
import type { CallerAccess } from '../guards/index.ts'

/** The stream of a turn, with the ids under which its messages are stored. */
export interface TurnReply extends ReplyStream {
  readonly conversationId: string
  readonly messageId: string
  readonly userMessageId: string
}

/** The methods of a chat service that a chat handler calls. `createChatService` returns one. */
export interface ChatServiceTarget {
  stream(request: SendRequest): Promise<TurnReply>
  regenerateStream(request: RegenerateRequest): Promise<TurnReply>
  resendStream(request: ResendRequest): Promise<TurnReply>
  /** Without it, results of calls that a page has run are `unsupported`. */
  continueStream?(request: ContinueRequest): Promise<TurnReply>
  /** Without it, decisions of a page are `unsupported`. */
  pending?(request: ConversationRequest & { readonly messageId: string }): Promise<readonly PendingCall[]>
  locate(request: LocateRequest): Promise<LocatedConversation>
  /** Without it, a request under the id of a stored message is a `conflict`. */
  getMessage?(
    request: ConversationRequest & { readonly messageId: string },
  ): Promise<Pick<MessageView, 'role' | 'userId' | 'requestId'>>
}

const METHODS = ['stream', 'regenerateStream', 'resendStream', 'locate'] as const

/** Whether a value is a chat service. */
export function isChatService(value: object): value is ChatServiceTarget {
  return METHODS.every((name) => typeof (value as Partial<Record<string, unknown>>)[name] === 'function')
}

/**
 * Streams the answer to a new message. A message that is stored under its id is the same request again: its answer is
 * returned, waited for, or resumed. Rejects with `conflict` if that message is another one.
 */
export async function streamOnce(chats: ChatServiceTarget, request: SendRequest): Promise<TurnReply> {
  try {
    return await chats.stream(request)
  } catch (error) {
    const requestId = isTaken(error) ? await firstRequestOf(chats, request) : undefined
    if (requestId === undefined) throw error
    return chats.stream({ ...request, requestId }).catch((again: unknown) => {
      throw LlmError.is(again, 'conflict') ? error : again
    })
  }
}

function isTaken(error: unknown): boolean {
  return LlmError.is(error, 'conflict') && error.code === 'id-taken'
}

async function firstRequestOf(
  chats: ChatServiceTarget,
  { identity, conversationId = '', newIds, signal }: SendRequest,
): Promise<string | undefined> {
  const messageId = newIds?.userMessageId
  if (messageId === undefined) return undefined
  const place = { identity, conversationId, signal }
  const stored = await chats.getMessage?.({ ...place, messageId }).catch(() => undefined)
  return stored?.role === 'user' && stored.userId === identity.userId ? stored.requestId : undefined
}

/** The identity of a caller in the chat service: the tenant is the organisation. */
export function identityOf({ userId = '', tenant, permissions }: CallerAccess): Identity {
  if (userId !== '') return { userId, orgId: tenant, permissions }
  const cause = new Error('authorize returned no userId, which a chat service needs')
  throw new LlmError('unauthorized', 'this chat is for known users; sign in', { code: 'no-identity', cause })
}

/** The key of a stored conversation's runs: one for all its members. */
export function roomKey(conversationId: string): string {
  return JSON.stringify(['conversation', conversationId])
}

/** What a caller asks about a run of a stored conversation. */
export interface SharedRunRequest {
  readonly runs: RunHub
  readonly chats: ChatServiceTarget
  readonly access: CallerAccess
  /** Conversation id or run id. */
  readonly id: string
}

/** The run of a stored conversation, if the caller started it or may read the conversation. */
export async function findSharedRun({
  runs,
  chats,
  access,
  id,
}: SharedRunRequest): Promise<LogInfo | undefined> {
  const ofRoom = await runs.find(roomKey(id))
  const info = ofRoom ?? (await runs.info(id))
  const own = info !== undefined && isStarter(info, access) ? info : undefined
  // After its end, the id may mean another conversation: the one that the page began again.
  if (own !== undefined && (ofRoom === undefined || own.state === 'running')) return own
  const named = textOf(info?.meta['conversationId'])
  const reading = readableBy(chats, access, named === undefined ? [id] : [named, id])
  const located = await (own === undefined ? reading : reading.catch(() => undefined))
  if (located === undefined || located.conversationId === named) return located === undefined ? own : info
  return runs.find(roomKey(located.conversationId))
}

async function readableBy(
  chats: ChatServiceTarget,
  access: CallerAccess,
  ids: readonly string[],
): Promise<LocatedConversation | undefined> {
  for (const id of ids) {
    const located = await mayRead(chats, access, id)
    if (located !== undefined) return located
  }
  return undefined
}

/** Whether the caller started the run or manages its conversation. */
export async function mayStop({ chats, access }: SharedRunRequest, info: LogInfo): Promise<boolean> {
  if (isStarter(info, access)) return true
  const located = await mayRead(chats, access, textOf(info.meta['conversationId']) ?? '')
  return located?.role === 'owner' || located?.role === 'admin'
}

/** Whether the caller started the run. */
export function isStarter({ meta }: LogInfo, { userId, tenant }: CallerAccess): boolean {
  return meta['userId'] === userId && meta['tenant'] === tenant
}

async function mayRead(
  chats: ChatServiceTarget,
  access: CallerAccess,
  conversationId: string,
): Promise<LocatedConversation | undefined> {
  try {
    return await chats.locate({ identity: identityOf(access), conversationId })
  } catch (error) {
    if (LlmError.is(error, 'not-found') || LlmError.is(error, 'invalid-request')) return undefined
    throw error
  }
}

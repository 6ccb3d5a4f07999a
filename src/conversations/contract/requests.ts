import { parseRequest } from '../../core/parse-request.ts'
import { LlmError } from '../../core/error.ts'
import { isSafeId, isSafeName, SAFE_ID, SAFE_NAME } from '../../core/validate-id.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { AgentUsage, Decision, GivenResult, PendingCall } from '../../tools/index.ts'
import type { Attempt, FinishReason, Usage, Warning } from '../../core/response.ts'
import type { ToolCall, UserMessage, UserPart } from '../../core/message.ts'
import type { ChatRequest } from '../../core/request.ts'
import { type HistoryBounds, IMAGE_MODES, type ImageMode } from './options.ts'
import type { Identity } from './permissions.ts'

/** Settings and options of a turn that are passed to its model calls. */
export type TurnSettings = Omit<
  ChatRequest,
  | 'messages'
  | 'stream'
  | 'user'
  | 'userId'
  | 'anonymous'
  | 'conversationId'
  | 'conversationChecked'
  | 'requestId'
  | 'onAdmitted'
  | 'onEnd'
  | 'metadata'
  | 'system'
> & {
  /** Instructions of the turn. Default: the persona's. */
  readonly system?: string | undefined
}

/** Where a turn is stored. */
export interface AcceptedTurn {
  readonly conversationId: string
  /** Id of the assistant message that ends the answer. */
  readonly messageId: string
  /** Id of the user message that is answered. */
  readonly userMessageId: string
}

/** Ids of the messages that a turn stores. */
export interface NewIds {
  /** Id of the assistant message that ends the answer. Default: a new UUID. */
  readonly messageId?: string | undefined
  /** Id of the user message. Default: a new UUID. Rejects with `conflict` if the conversation has a message with this id. */
  readonly userMessageId?: string | undefined
}

/** Fields of every request that makes an answer. */
export interface AnswerOptions extends TurnSettings {
  readonly identity: Identity
  /**
   * Id of the turn, which makes it idempotent. A request with a known id returns the stored result, resumes an interrupted
   * turn, or waits for a running one. Default: a new id. Results and errors carry it.
   */
  readonly requestId?: string | undefined
  /** Ids for the messages of the turn, so that they are known before the turn is stored. Default: new UUIDs. */
  readonly newIds?: NewIds | undefined
  /** Called once when the turn is admitted and its user message is stored, before the model is called. Must not throw. */
  readonly onAccepted?: ((turn: AcceptedTurn) => void) | undefined
  /**
   * Name of the agent that answers, of those of the service: its instructions, tools and model are used where the request has
   * none. Rejects with `not-found` if there is no such agent.
   */
  readonly agent?: string | undefined
  /** How much history is sent. Overrides the service's setting. */
  readonly history?: HistoryBounds | undefined
  /** How images of past messages are sent. Overrides the service's setting. Default `describe-past`. */
  readonly images?: ImageMode | undefined
  /** Name or id of the persona, for the service's `persona` function. Default: the conversation's. */
  readonly persona?: string | undefined
  /** Name of the user, for placeholders. */
  readonly userName?: string | undefined
  /** Name of a prompt template, for the service's composer. */
  readonly template?: string | undefined
  /** Data for the template. */
  readonly templateData?: JsonObject | undefined
  /** Whether the persona's example dialogue is sent before the history. Default false. */
  readonly examples?: boolean | undefined
}

/** A user message, and how to answer it. */
export interface SendRequest extends AnswerOptions {
  /** A text, or parts: text, images, files, audio. */
  readonly message: string | readonly UserPart[]
  /** Default: a new conversation. Rejects with `not-found` if it is missing or not visible to the user. */
  readonly conversationId?: string | undefined
  /**
   * Whether the turn begins the conversation if the user has none with this id. The id then has 8 to 128 characters of
   * `A-Z a-z 0-9 _ -`. Ids are separate for every owner and tenant. Default false.
   */
  readonly begin?: boolean | undefined
  /** Whether the turn is stored. False still reads the history of `conversationId`. Default: the service's setting. */
  readonly persist?: boolean | undefined
  /** The message that this one replies to. Only that thread is sent to the model, and the answer joins it. */
  readonly parentId?: string | undefined
  /** Texts, such as retrieved passages, that are sent before the message but not stored. */
  readonly context?: readonly string[] | undefined
  /** Text that is sent between `context` and the message but not stored. */
  readonly customPrompt?: string | undefined
  /** Name of the author, for conversations with several users. */
  readonly name?: string | undefined
  /** Stored with the user message. */
  readonly metadata?: JsonObject | undefined
  /** Files that are sent as parts of the message and stored as attachments of the conversation. */
  readonly attachments?: readonly AttachmentInput[] | undefined
  /** Ids of attachments of the conversation to send with the message. */
  readonly attachmentIds?: readonly string[] | undefined
  /** Title of the conversation that this turn starts. */
  readonly title?: string | undefined
  readonly orgId?: string | undefined
  readonly projectId?: string | undefined
}

/** Identifies the answer to regenerate. */
export interface RegenerateRequest extends AnswerOptions {
  readonly conversationId: string
  /** Id of the answer, or of the user message that it answers. Default: the newest user message of the history. */
  readonly messageId?: string | undefined
  /** Content that the user message must have. Rejects with `not-found` if it has another one. Default: any. */
  readonly expected?: string | readonly UserPart[] | undefined
  /** Texts to send before the message; those of the first request are not stored, so pass them again. */
  readonly context?: readonly string[] | undefined
  /** Text to send between `context` and the message; not stored either. */
  readonly customPrompt?: string | undefined
}

/** Replaces a user message and answers it again. */
export interface ResendRequest extends Omit<RegenerateRequest, 'expected'> {
  /** Id of the user message. */
  readonly messageId: string
  readonly message: string | readonly UserPart[]
}

/** Goes on with a turn that ended with calls that wait for decisions or results. */
export interface ContinueRequest extends Omit<AnswerOptions, 'requestId'> {
  readonly conversationId: string
  /** Id of the assistant message with the calls. */
  readonly messageId: string
  /** Decisions about its calls, by the `approvals` of the service. */
  readonly decisions?: readonly Decision[] | undefined
  /** Results of its calls that the application ran. */
  readonly results?: readonly GivenResult[] | undefined
}

/** A file, given as one of `url`, `text` and `data` (base64 text or bytes). */
export interface AttachmentInput {
  readonly name: string
  /** Such as `image/png`. */
  readonly mediaType: string
  readonly url?: string | undefined
  readonly text?: string | undefined
  readonly data?: string | Uint8Array | undefined
  /** Size in bytes, for a URL. The size of `text` and `data` is measured. */
  readonly sizeBytes?: number | undefined
  readonly metadata?: JsonObject | undefined
}

/** How a turn ended: completely, or early by an abort or an error. */
export type TurnStatus = 'complete' | 'partial'

/** The result of a turn: the answer, and the ids under which it is stored. */
export interface TurnResult {
  readonly requestId: string
  readonly conversationId: string
  /** Id of the assistant message. */
  readonly messageId: string
  /** Id of the user message that it answers. */
  readonly userMessageId: string
  /** Whether both messages are stored. */
  readonly persisted: boolean
  readonly status: TurnStatus
  /** Text of the answer. */
  readonly content: string
  readonly reasoning: string
  /** Tool calls that were not run: a tool has no `execute`, or `maxToolRounds` was reached. */
  readonly toolCalls: readonly ToolCall[]
  /** The calls among them that wait for a decision or a result, with which `continue` goes on. */
  readonly pending: readonly PendingCall[]
  /** What agents that tools delegated to have used. It is part of `totalUsage`. */
  readonly agents: readonly AgentUsage[]
  /** The parsed answer if `responseFormat` asked for JSON. */
  readonly object?: JsonValue | undefined
  readonly provider: string
  readonly model: string
  /** All tries of all model calls of the turn, in order. Empty if an earlier request made the answer. */
  readonly attempts: readonly Attempt[]
  /** Whether another target than the requested one answered. False if an earlier request made the answer. */
  readonly usedFallback: boolean
  readonly finishReason: FinishReason
  /** Usage of the last model call; see `totalUsage` for all calls. */
  readonly usage: Usage
  /** Summed usage of all model calls of the turn. */
  readonly totalUsage: Usage
  /** `totalUsage.totalTokens`. */
  readonly tokens: number
  /** Cost of the turn in US dollars; `null` if unknown. */
  readonly costUsd: number | null
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly warnings: readonly Warning[]
  /** Whether an earlier request with this id made the answer. */
  readonly repeated: boolean
}

const MOST_TITLE = 200
const EMPTY = 'is empty: pass a text or at least one part'
const NEWEST_ONLY = 'is missing: pass the newest message as message; the service has the messages before it'

/** Throws `invalid-request` if a field is invalid. The orchestrator checks the settings of the call. */
export function checkSend(request: SendRequest): void {
  const { message, context, customPrompt, title } = request
  if (typeof message === 'string' ? message.trim() === '' : !Array.isArray(message) || message.length === 0)
    refuse('message', message === undefined && 'messages' in request ? NEWEST_ONLY : EMPTY)
  if (context !== undefined && !(Array.isArray(context) && context.every((text) => typeof text === 'string')))
    refuse('context', 'takes an array of strings')
  if (title !== undefined && (typeof title !== 'string' || title.trim() === '' || title.length > MOST_TITLE))
    refuse('title', `takes a string of 1 to ${MOST_TITLE} characters`)
  checkReferences(request)
  if (customPrompt !== undefined && typeof customPrompt !== 'string') refuse('customPrompt', 'takes a string')
  checkAnswer(request)
}

function checkReferences({ parentId, name, attachmentIds = [] }: SendRequest): void {
  if (parentId !== undefined) checkId('parentId', parentId)
  if (name !== undefined) checkShown('name', name)
  if (!Array.isArray(attachmentIds)) refuse('attachmentIds', 'takes an array of ids')
  for (const [at, id] of attachmentIds.entries()) checkId(`attachmentIds.${at}`, id)
}

/** A user message in normalized form, with parts of other libraries converted. Rejects with `invalid-request` if a part is invalid. */
export async function readMessage(
  message: string | readonly UserPart[],
): Promise<string | readonly UserPart[]> {
  if (typeof message === 'string') return message
  const [parsed] = parseRequest({ messages: [{ role: 'user', content: message }] }).messages
  return (parsed as UserMessage).content
}

/** Throws `invalid-request` if a field that every answering request has is invalid. */
export function checkAnswer({
  requestId,
  images,
  history,
  n,
  persona,
  agent,
  template,
  userName,
  examples,
  newIds,
}: AnswerOptions): void {
  if (requestId !== undefined) checkId('requestId', requestId)
  for (const name of ['messageId', 'userMessageId'] as const)
    if (newIds?.[name] !== undefined) checkId(`newIds.${name}`, newIds[name])
  if (images !== undefined && !IMAGE_MODES.includes(images))
    refuse('images', `is ${JSON.stringify(images)}; takes one of ${IMAGE_MODES.join(', ')}`)
  for (const name of ['maxMessages', 'maxTokens'] as const) {
    const value = history?.[name]
    if (value !== undefined && !(Number.isInteger(value) && value >= 0))
      refuse(`history.${name}`, `is ${value}; takes a whole number from 0`)
  }
  if (persona !== undefined) checkName('persona', persona)
  if (agent !== undefined) checkName('agent', agent)
  if (template !== undefined) checkName('template', template)
  if (userName !== undefined) checkShown('userName', userName)
  if (examples !== undefined && typeof examples !== 'boolean') refuse('examples', 'takes true or false')
  if (n !== undefined && n !== 1)
    refuse('n', `is ${n}, but a turn has one answer; use regenerate for variants`)
}

/** Throws `invalid-request` unless the id is text of 1 to 200 characters without control characters and half surrogates. */
export function checkId(path: string, id: unknown): asserts id is string {
  if (!isSafeId(id)) refuse(path, `${id === undefined ? 'is missing; ' : ''}takes ${SAFE_ID}`)
}

/** Throws `invalid-request` unless the name is safe to look something up by: no slashes, no `__proto__`, at most 200 characters. */
export function checkName(path: string, name: unknown): asserts name is string {
  if (!isSafeName(name)) refuse(path, `takes ${SAFE_NAME}`)
}

// A name that is only shown may hold anything that a message can.
function checkShown(path: string, name: unknown): void {
  if (typeof name !== 'string' || name.length > 200) refuse(path, 'takes a string of at most 200 characters')
}

const PROPOSED_ID = /^[A-Za-z0-9_-]{8,128}$/

/** Throws `invalid-request` unless the id may name a new conversation. */
export function checkNewId(path: string, id: unknown): asserts id is string {
  if (typeof id === 'string' && PROPOSED_ID.test(id)) return
  refuse(path, 'names a new conversation; takes 8 to 128 characters of A-Z, a-z, 0-9, _ and -')
}

/** Throws `invalid-request` for the field at `path`. */
export function refuse(path: string, problem: string): never {
  throw new LlmError('invalid-request', `${path}: ${problem}`, { issues: [{ path, message: problem }] })
}

import { LlmError } from '../../core/error.ts'
import { hasControls } from '../../core/validate-id.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { FinishReason, Usage, Warning } from '../../core/response.ts'
import type { ToolCall, UserMessage, UserPart } from '../../core/message.ts'
import type { ChatRequest } from '../../core/request.ts'
import { type HistoryBounds, IMAGE_MODES, type ImageMode } from './options.ts'
import type { Identity } from './permissions.ts'

/** The settings and options of a call that a turn passes on; the rest of a request is the service's business. */
export type TurnSettings = Omit<
  ChatRequest,
  | 'messages'
  | 'stream'
  | 'user'
  | 'userId'
  | 'conversationId'
  | 'requestId'
  | 'onAdmitted'
  | 'onEnd'
  | 'metadata'
>

/** What every call that makes an answer takes. */
export interface AnswerOptions extends TurnSettings {
  readonly identity: Identity
  /**
   * Names this turn. A call with an id that was seen before finds the result of the first, goes on where it broke off, or
   * waits for it where it still runs. Made when left out; it is in the result, and in the error of a call that failed.
   */
  readonly requestId?: string | undefined
  /** How much history goes along, over the service's own setting. */
  readonly history?: HistoryBounds | undefined
  /** What becomes of past images, over the service's own setting. Default `tag_past`. */
  readonly images?: ImageMode | undefined
  /** Name of a persona, for the service's resolver. Default: the conversation's own. */
  readonly persona?: string | undefined
  /** Name of the user, for placeholders. */
  readonly userName?: string | undefined
  /** Name of a prompt template, for the service's composer. */
  readonly template?: string | undefined
  /** Data for the template. */
  readonly templateData?: JsonObject | undefined
}

/** A user's turn, and how it is to be answered. */
export interface SendRequest extends AnswerOptions {
  /** Text, or parts: text, images, files, sound. */
  readonly message: string | readonly UserPart[]
  /** Left out: a new conversation is begun. One that is not there, or not for this user, is an error. */
  readonly conversationId?: string | undefined
  /** True: kept in the store. False: answered and forgotten; history may be had from `conversationId` all the same. Left out: as the service is set. */
  readonly persist?: boolean | undefined
  /** The message that this one replies to: the model is told that thread alone, and its answer joins it. */
  readonly parentId?: string | undefined
  /** Texts put before the message for the model and not kept: found passages, in order. */
  readonly context?: readonly string[] | undefined
  /** Words put between `context` and the message, for the model, and not kept. */
  readonly customPrompt?: string | undefined
  /** Name of the author, where several people write. */
  readonly name?: string | undefined
  /** Kept with the turn. */
  readonly metadata?: JsonObject | undefined
  /** Files that go with the message: the model is shown them, and the conversation keeps a row of each. */
  readonly attachments?: readonly AttachmentInput[] | undefined
  /** Ids of files that were attached to the conversation before. */
  readonly attachmentIds?: readonly string[] | undefined
  /** Of a conversation that this turn begins. */
  readonly title?: string | undefined
  readonly orgId?: string | undefined
  readonly projectId?: string | undefined
}

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

/** A file: by URL, as text, or as bytes (base64 text or a byte array). */
export interface AttachmentInput {
  readonly name: string
  /** For example `image/png`. */
  readonly mediaType: string
  readonly url?: string | undefined
  readonly text?: string | undefined
  readonly data?: string | Uint8Array | undefined
  /** Known for a URL alone; of text and bytes it is counted. */
  readonly sizeBytes?: number | undefined
  readonly metadata?: JsonObject | undefined
}

/** How a stored turn ended: whole, or cut by an abort or a fault. */
export type TurnStatus = 'complete' | 'partial'

/** An answer, and where it is kept. */
export interface TurnResult {
  readonly requestId: string
  readonly conversationId: string
  /** Id of the assistant's turn. */
  readonly messageId: string
  /** Id of the user's turn that it answers. */
  readonly userMessageId: string
  /** True where both are in the store. */
  readonly persisted: boolean
  readonly status: TurnStatus
  /** The answer's text. */
  readonly content: string
  readonly reasoning: string
  /** Calls of tools that the service could not run itself. */
  readonly toolCalls: readonly ToolCall[]
  /** The parsed answer where `responseFormat` asked for JSON. */
  readonly object?: JsonValue | undefined
  readonly provider: string
  readonly model: string
  readonly finishReason: FinishReason
  /** Of the last call; of a turn with tool calls, see `totalUsage`. */
  readonly usage: Usage
  /** Of all calls of the turn together. */
  readonly totalUsage: Usage
  /** Tokens of the whole turn, prompt and answer. */
  readonly tokens: number
  /** `null` where the price is not known. */
  readonly costUsd: number | null
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly warnings: readonly Warning[]
  /** True where an earlier call with this request id had made the answer. */
  readonly repeated: boolean
}

const MOST_ID = 200

/** Checks what a turn brings, besides what the orchestrator checks itself. Throws `invalid-request` with the path. */
export function checkSend(request: SendRequest): void {
  const { message, context, customPrompt, title } = request
  if (typeof message === 'string' ? message.trim() === '' : !Array.isArray(message) || message.length === 0)
    refuse('message', 'is empty: give a text, or at least one part')
  if (context !== undefined && !(Array.isArray(context) && context.every((text) => typeof text === 'string')))
    refuse('context', 'takes a list of texts')
  if (title !== undefined && (typeof title !== 'string' || title.trim() === '' || title.length > MOST_ID))
    refuse('title', `takes a text of 1 to ${MOST_ID} characters`)
  if (customPrompt !== undefined && typeof customPrompt !== 'string') refuse('customPrompt', 'takes a text')
  checkAnswer(request)
}

/** A user's turn in the one shape in which it is kept: other libraries' parts are read, and what is none is refused. */
export async function readMessage(
  message: string | readonly UserPart[],
): Promise<string | readonly UserPart[]> {
  if (typeof message === 'string') return message
  // The schemas are loaded with the first turn that has parts.
  const { parseRequest: admitRequest } = await import('../../core/parse-request.ts')
  const [turn] = admitRequest({ messages: [{ role: 'user', content: message }] }).messages
  return (turn as UserMessage).content
}

/** The same for what every call that makes an answer takes. */
export function checkAnswer({ requestId, images, history, n }: AnswerOptions): void {
  if (requestId !== undefined) checkId('requestId', requestId)
  if (images !== undefined && !IMAGE_MODES.includes(images))
    refuse('images', `is one of ${IMAGE_MODES.join(', ')}`)
  for (const name of ['maxMessages', 'maxTokens'] as const) {
    const value = history?.[name]
    if (value !== undefined && !(Number.isInteger(value) && value >= 0))
      refuse(`history.${name}`, 'takes a whole number of 0 or more')
  }
  if (n !== undefined && n !== 1) refuse('n', 'a turn has one answer; use regenerate for variants')
}

/** An id given by a caller: short text without control characters. */
export function checkId(path: string, id: unknown): asserts id is string {
  if (typeof id === 'string' && id !== '' && id.length <= MOST_ID && !hasControls(id)) return
  refuse(path, `takes 1 to ${MOST_ID} characters without line breaks`)
}

/** Refuses a request at one path. */
export function refuse(path: string, problem: string): never {
  throw new LlmError('invalid-request', `${path}: ${problem}`, { issues: [{ path, message: problem }] })
}

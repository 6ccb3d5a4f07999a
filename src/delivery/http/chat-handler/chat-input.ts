import { requestError, type Issue } from '../../../core/error.ts'
import { isSafeId, SAFE_ID } from '../../../core/validate-id.ts'
import { listOf, textOf, type JsonObject } from '../../../core/json.ts'
import type { ChatRequest, MessageInput } from '../../../core/request.ts'
import type { CallerAccess } from '../guards/index.ts'
import { areUiMessages, readUiMessages } from './ui-messages.ts'

/** The settings that a page may choose. Other body fields reach only the application's own `respond`. */
export type ChatSettings = Partial<Pick<ChatRequest, (typeof SETTINGS)[number]>>

const SETTINGS = [
  'model',
  'temperature',
  'topP',
  'topK',
  'maxTokens',
  'stop',
  'seed',
  'frequencyPenalty',
  'presencePenalty',
  'reasoning',
  'responseFormat',
  'tools',
  'toolChoice',
  'parallelToolCalls',
] as const

/** A page's request. */
export interface ChatInput {
  /** The messages that the page sent: a list, or one user message if it sent only a text. */
  readonly messages: readonly MessageInput[]
  /** The page's conversation id; absent if it named none. */
  readonly conversationId: string | undefined
  readonly settings: ChatSettings
  /** Whether the answer is streamed. Default true. */
  readonly stream: boolean
  /** Whether the page uses the AI SDK's protocol. */
  readonly isUiMessage: boolean
  /** The parsed body, unchanged. */
  readonly body: JsonObject
}

/**
 * Reads the body of a chat request: `messages` (neutral or OpenAI's shapes, or the AI SDK's UI messages), or one text as
 * `message` or `content`. Throws `invalid-request` with every problem.
 */
export function readChatInput(body: Record<string, unknown>, access: CallerAccess): ChatInput {
  const issues: Issue[] = []
  const isUiMessage = areUiMessages(body['messages']) || 'trigger' in body
  const messages = areUiMessages(body['messages'])
    ? readUiMessages(listOf(body['messages']), issues)
    : readMessages(body, issues)
  if (messages.length === 0 && issues.length === 0 && !regenerates(body))
    issues.push({ path: 'messages', message: 'is empty: add at least one user message, or send message' })
  const conversationId = readId(body, issues) ?? access.conversationId
  const settings = readSettings(body, access, issues)
  if (issues.length > 0) throw requestError(issues)
  const stream = body['stream'] !== false
  return { messages, conversationId, settings, stream, isUiMessage, body: body as JsonObject }
}

/** Whether a body asks for another answer to a message, as the AI SDK and the browser client do. */
export function regenerates(body: Record<string, unknown>): boolean {
  return body['trigger'] === 'regenerate-message' || body['again'] === true
}

function readMessages(body: Record<string, unknown>, issues: Issue[]): MessageInput[] {
  const { messages } = body
  if (messages !== undefined) {
    // `parseRequest` checks their shape.
    if (Array.isArray(messages)) return messages as MessageInput[]
    issues.push({ path: 'messages', message: 'must be a list of messages' })
    return []
  }
  for (const name of ['message', 'content']) {
    const text = body[name]
    if (text === undefined) continue
    if (typeof text === 'string' && text.trim() !== '') return [{ role: 'user', content: text }]
    issues.push({ path: name, message: 'must be a non-empty string' })
  }
  return []
}

function readId(body: Record<string, unknown>, issues: Issue[]): string | undefined {
  for (const name of ['conversationId', 'conversation_id', 'id']) {
    const value = body[name]
    if (value === undefined || value === null) continue
    if (isSafeId(value)) return value
    issues.push({ path: name, message: `must be ${SAFE_ID}` })
  }
  return undefined
}

function readSettings(body: Record<string, unknown>, access: CallerAccess, issues: Issue[]): ChatSettings {
  const found = SETTINGS.flatMap((name) =>
    body[name] === undefined || body[name] === null ? [] : [[name, body[name]] as const],
  )
  const settings = Object.fromEntries(found) as ChatSettings
  const { models, maxTokens } = access.limits ?? {}
  const model = textOf(settings.model)
  if (model !== undefined && models !== undefined && !models.includes(model))
    issues.push({ path: 'model', message: 'is not among the models that this caller may use' })
  if (maxTokens === undefined) return settings
  const asked = typeof settings.maxTokens === 'number' ? settings.maxTokens : maxTokens
  return { ...settings, maxTokens: Math.min(asked, maxTokens) }
}

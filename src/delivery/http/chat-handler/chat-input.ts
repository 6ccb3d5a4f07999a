import { requestError, type Issue } from '../../../core/error.ts'
import { isSafeId, SAFE_ID } from '../../../core/validate-id.ts'
import { listOf, textOf, type JsonObject } from '../../../core/json.ts'
import type { MessageInput } from '../../../core/request.ts'
import type { CallerAccess } from '../guards/index.ts'
import { isAgUiInput, readAgUiMessages } from './ag-ui-messages.ts'
import {
  checkPageMessages,
  checkSettings,
  PAGE_SETTINGS,
  type PageRules,
  type PageSettings,
} from './page-allowance.ts'
import { areUiMessages, readUiMessages, respondedCalls } from './ui-messages.ts'

/** The settings that a page chose. Other body fields reach only the application's own `respond`. */
export type ChatSettings = PageSettings

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
  /** Id of the run that an AG-UI client has begun; absent for other clients. */
  readonly agUiRunId?: string | undefined
  /** The parsed body, unchanged. */
  readonly body: JsonObject
}

/**
 * Reads the body of a chat request: `messages` (neutral or OpenAI's shapes, or the AI SDK's UI messages), or one text as
 * `message` or `content`. Throws `invalid-request` with every problem, also if it chooses what the host has not opened.
 */
export function readChatInput(
  body: Record<string, unknown>,
  access: CallerAccess,
  rules: PageRules = {},
): ChatInput {
  const issues: Issue[] = []
  const isUiMessage = areUiMessages(body['messages']) || 'trigger' in body
  const messages = areUiMessages(body['messages'])
    ? readUiMessages(listOf(body['messages']), issues)
    : readMessages(body, issues)
  const isComplete = messages.length > 0 || regenerates(body) || decides(body)
  if (!isComplete && issues.length === 0)
    issues.push({ path: 'messages', message: 'is empty: add at least one user message, or send message' })
  const conversationId = readId(body, issues) ?? access.conversationId
  const chosen = readSettings(body)
  checkSettings(chosen, { ...rules, limits: access.limits }, issues)
  checkPageMessages(body['messages'], rules.allow, issues)
  if (issues.length > 0) throw requestError(issues)
  const settings = withMaxTokens(chosen, access, rules)
  const stream = body['stream'] !== false
  const agUiRunId = isAgUiInput(body) ? textOf(body['runId']) : undefined
  return { messages, conversationId, settings, stream, isUiMessage, agUiRunId, body: body as JsonObject }
}

/** Whether a body asks for another answer to a message, as the AI SDK and the browser client do. */
export function regenerates(body: Record<string, unknown>): boolean {
  return body['trigger'] === 'regenerate-message' || body['again'] === true
}

// A decision about a call needs no message.
function decides({ decisions, resume, messages }: Record<string, unknown>): boolean {
  return Array.isArray(decisions) || Array.isArray(resume) || respondedCalls(messages).length > 0
}

function readMessages(body: Record<string, unknown>, issues: Issue[]): MessageInput[] {
  const { messages } = body
  if (messages !== undefined) {
    // `parseRequest` checks their shape.
    if (Array.isArray(messages))
      return isAgUiInput(body) ? readAgUiMessages(messages) : (messages as MessageInput[])
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
  for (const name of ['conversationId', 'conversation_id', 'threadId', 'id']) {
    const value = body[name]
    if (value === undefined || value === null) continue
    if (isSafeId(value)) return value
    issues.push({ path: name, message: `must be ${SAFE_ID}` })
  }
  return undefined
}

function readSettings(body: Record<string, unknown>): ChatSettings {
  const found = PAGE_SETTINGS.flatMap((name) => {
    const value = body[name]
    // An empty list of tools chooses nothing.
    const isGiven = value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0)
    return isGiven ? [[name, value] as const] : []
  })
  return Object.fromEntries(found)
}

function withMaxTokens(
  settings: ChatSettings,
  { limits }: CallerAccess,
  { defaults }: PageRules,
): ChatSettings {
  const { maxTokens } = limits ?? {}
  if (maxTokens === undefined) return settings
  const asked = typeof settings.maxTokens === 'number' ? settings.maxTokens : defaults?.maxTokens
  return { ...settings, maxTokens: Math.min(asked ?? maxTokens, maxTokens) }
}

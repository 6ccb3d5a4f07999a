import { LlmError } from '../../../core/error.ts'
import { listOf, objectOf, textOf } from '../../../core/json.ts'
import type { UserMessage, UserPart } from '../../../core/message.ts'
import type { GivenResult } from '../../../tools/index.ts'
import { parseRequest } from '../../../core/parse-request.ts'
import { regenerates, type ChatInput } from './chat-input.ts'
import { newestCalls, respondedCalls } from './ui-messages.ts'

/**
 * What a page asks a chat service for: an answer to a new message, to an edited one, another answer, or the rest of an answer
 * whose calls the page has run.
 */
export interface PageTurn {
  readonly action: 'send' | 'regenerate' | 'resend' | 'continue'
  /** The message that is regenerated, replaced or continued. */
  readonly messageId?: string | undefined
  /** The newest user message; absent if the page sent none. */
  readonly message?: string | readonly UserPart[] | undefined
  /** The page's own id of that message, if it may be the stored one. */
  readonly userMessageId?: string | undefined
  /** Results of the calls that the page has run. */
  readonly results?: readonly GivenResult[] | undefined
  /** What the person at the page has decided about calls that wait. */
  readonly decisions?: readonly PageChoice[] | undefined
  /** Whether an unknown conversation is begun. */
  readonly begin: boolean
}

/** What a page says about a call that waits for a decision. */
export interface PageChoice {
  readonly toolCallId: string
  readonly approved: boolean
  /** Why, in words for the model. */
  readonly reason?: string | undefined
}

/** Reads a page's request as a turn. The service has the history, so only the newest user message is used. */
export function readPageTurn(input: ChatInput): PageTurn {
  const { body } = input
  const messageId = textOf(body['messageId'])
  const message = newestMessage(input)
  const userMessageId = pageMessageId(input)
  const begin = beginsConversation(input)
  const known = { message, userMessageId, begin }
  if (regenerates(body)) return { action: 'regenerate', messageId, ...known }
  const decisions = choicesOf(input)
  const results = newestResults(input)
  if (results.length + decisions.length > 0)
    return { action: 'continue', messageId: answerId(input), results, decisions, begin: false }
  if (message === undefined) throw invalid('messages', 'must end with a user message')
  if (messageId !== undefined) return { action: 'resend', messageId, ...known }
  return { action: 'send', ...known }
}

function newestMessage({ messages }: ChatInput): PageTurn['message'] {
  const last = messages.at(-1)
  if (last?.role !== 'user') return undefined
  const [parsed] = parseRequest({ messages: [last] }).messages
  const { content } = parsed as UserMessage
  const [only, ...more] = content
  return typeof only === 'object' && only.type === 'text' && more.length === 0 ? only.text : content
}

const MAX_CHOICES = 128
const MAX_REASON = 1000

// The AI SDK's pages mark the parts of the answer, AG-UI clients answer interrupts, and others send a list.
function choicesOf({ body, isUiMessage }: ChatInput): readonly PageChoice[] {
  const given = isUiMessage
    ? respondedCalls(body['messages'])
    : [...listOf(body['decisions']), ...listOf(body['resume']).map(resumedChoice)]
  if (given.length > MAX_CHOICES) throw invalid('decisions', `are more than ${MAX_CHOICES}`)
  return given.map((choice) => {
    const { toolCallId, approved, reason } = objectOf(choice)
    if (typeof toolCallId !== 'string' || typeof approved !== 'boolean')
      throw invalid('decisions', 'have a choice without toolCallId, or without approved: true or false')
    return { toolCallId, approved, reason: textOf(reason)?.slice(0, MAX_REASON) }
  })
}

// The id of an interrupt is that of its call. An interrupt that is given up is denied.
function resumedChoice(entry: unknown): object {
  const { interruptId, status, payload } = objectOf(entry)
  const { approved, reason } = objectOf(payload)
  const isGivenUp = status === 'cancelled'
  return { toolCallId: interruptId, approved: isGivenUp ? false : (approved ?? payload), reason }
}

// The messages end with the results of the calls that the newest answer has left to the page.
function newestResults({ messages, body, isUiMessage }: ChatInput): readonly GivenResult[] {
  // Earlier rounds of the same answer have results, too.
  const ids = new Set(newestCalls(body['messages']).map(({ toolCallId }) => toolCallId))
  if (isUiMessage && ids.size === 0) return []
  const from = messages.findLastIndex((message) => objectOf(message)['role'] !== 'tool') + 1
  return messages.slice(from).flatMap((message) => {
    const { toolCallId, tool_call_id: id = toolCallId, content, isError } = objectOf(message)
    if (isUiMessage && !ids.has(id)) return []
    if (typeof id !== 'string' || id === '')
      throw invalid('messages', 'have a result without the toolCallId of its call')
    return { toolCallId: id, ...(isError === true ? { error: wordsOf(content) } : { result: content }) }
  })
}

function wordsOf(content: unknown): string {
  return typeof content === 'string' ? content : (JSON.stringify(content) ?? '')
}

// Pages of the AI SDK and of AG-UI name the answer by its message, others by `messageId`.
function answerId({ body, agUiRunId }: ChatInput): string {
  const messages = listOf(body['messages']).map(objectOf)
  const answer = agUiRunId === undefined ? messages.slice(-1).find(isByModel) : messages.findLast(isByModel)
  // A message of AG-UI is one step of the answer.
  const shown = textOf(answer?.['id'])?.replace(/:\d+$/, '')
  const id = textOf(body['messageId']) ?? shown
  return id ?? missing('messageId', 'names the answer whose calls have these results')
}

function isByModel({ role }: Record<string, unknown>): boolean {
  return role === 'assistant'
}

function missing(path: string, message: string): never {
  throw invalid(path, message)
}

const ID = /^[A-Za-z0-9_-]{8,128}$/

// The AI SDK's pages show a message under their own id from the start, and later name it by that id.
function pageMessageId({ body }: ChatInput): string | undefined {
  const last = objectOf(listOf(body['messages']).at(-1))
  const id = last['role'] === 'user' ? textOf(last['id']) : textOf(body['userMessageId'])
  return id !== undefined && ID.test(id) ? id : undefined
}

// The AI SDK names a chat from the first turn on. As long as its page has no answer, the chat may not exist.
function beginsConversation({ body, isUiMessage, agUiRunId, conversationId }: ChatInput): boolean {
  if (body['begin'] === true || conversationId === undefined) return true
  if (agUiRunId !== undefined) return !listOf(body['messages']).map(objectOf).some(isByModel)
  const named = body['conversationId'] ?? body['conversation_id']
  if (!isUiMessage || (named !== undefined && named !== null)) return false
  return !listOf(body['messages']).some((message) => isAnswer(objectOf(message)))
}

function isAnswer({ role, parts }: Record<string, unknown>): boolean {
  return role === 'assistant' && listOf(parts).length > 0
}

function invalid(path: string, message: string): LlmError {
  return new LlmError('invalid-request', `the request is not valid: ${path}: ${message}`, {
    issues: [{ path, message }],
  })
}

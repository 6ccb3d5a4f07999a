import { sumCosts, sumUsage } from '../../core/add-usage.ts'
import { objectOf, rowOf } from '../../core/json.ts'
import type { PendingCall } from '../../tools/index.ts'
import type { AssistantMessage, AssistantPart, ToolCall } from '../../core/message.ts'
import { partsOf, plainText } from '../../core/message.ts'
import type { ChatResponse, Usage } from '../../core/response.ts'
import type { StoredMessage } from '../storage/index.ts'
import { messageOf } from './message-content.ts'
import type { TurnResult } from './requests.ts'
import type { PriorResult } from './turn-plan.ts'

const NO_USAGE: Usage = Object.freeze({ inputTokens: 0, outputTokens: 0, totalTokens: 0 })

/** The result of a turn, from its stored messages. */
export function storedResult({ conversation, question, answer, written }: PriorResult): TurnResult {
  const answers = written.filter(({ usage }) => usage !== undefined)
  const totalUsage = sumUsage(answers.flatMap(({ usage }) => (usage === undefined ? [] : [usage])))
  const answered = answer.metadata['answers']
  return {
    requestId: answer.requestId ?? '',
    conversationId: conversation.id,
    messageId: answer.id,
    userMessageId: question?.id ?? (typeof answered === 'string' ? answered : ''),
    persisted: true,
    status: answer.partial ? 'partial' : 'complete',
    content: plainText(answer.content),
    reasoning: reasoningOf(answer),
    toolCalls: toolCallsOf(answer),
    pending: pendingOf(answer),
    agents: [],
    provider: answer.provider ?? '',
    model: answer.model ?? '',
    attempts: [],
    usedFallback: false,
    finishReason: answer.finishReason ?? 'other',
    usage: answer.usage ?? NO_USAGE,
    totalUsage,
    tokens: totalUsage.totalTokens,
    costUsd: sumCosts(answers.map(({ costUsd }) => costUsd)),
    createdAt: answer.createdAt,
    warnings: [],
    repeated: true,
  }
}

/** The response of the model call whose answer was stored as `message`. */
export function responseOfMessage(message: StoredMessage): ChatResponse {
  const { provider = '', model = '', finishReason = 'tool-calls', usage = NO_USAGE, content } = message
  const none = { citations: [], files: [], warnings: [], attempts: [] }
  return {
    provider,
    model,
    text: plainText(content),
    reasoning: reasoningOf(message),
    toolCalls: toolCallsOf(message),
    finishReason,
    usage,
    message: messageOf(message) as AssistantMessage,
    ...none,
  }
}

/** A turn's result as a model response with the usage of the whole turn, to be replayed as a stream. */
export function responseOf(result: TurnResult): ChatResponse {
  const { content: text, reasoning, toolCalls, provider, model, finishReason, totalUsage: usage } = result
  const parts: AssistantPart[] = [
    ...(reasoning === '' ? [] : [{ type: 'reasoning', text: reasoning } as const]),
    ...(text === '' ? [] : [{ type: 'text', text } as const]),
    ...toolCalls.map((call) => ({ ...call, type: 'tool-call' }) as const),
  ]
  const message: AssistantMessage = { role: 'assistant', content: parts }
  const none = { citations: [], files: [], warnings: [], attempts: [] }
  return { provider, model, text, reasoning, toolCalls, finishReason, usage, message, ...none }
}

function reasoningOf({ content }: StoredMessage): string {
  return partsOf<Exclude<StoredMessage['content'], string>[number]>(content)
    .flatMap((part) => (part.type === 'reasoning' ? [part.text] : []))
    .join('')
}

function toolCallsOf({ content }: StoredMessage): readonly ToolCall[] {
  return callsOfContent(content)
}

function callsOfContent(content: StoredMessage['content']): readonly ToolCall[] {
  if (typeof content === 'string') return []
  return content.flatMap((part) => (part.type === 'tool-call' ? [part] : []))
}

/** The calls of a stored message that wait for a decision or a result. */
export function pendingOf({
  id: runId,
  content,
  metadata,
}: Pick<StoredMessage, 'id' | 'content' | 'metadata'>): readonly PendingCall[] {
  const pending = objectOf(metadata['pending'])
  return callsOfContent(content).flatMap(({ id: toolCallId, name, arguments: args }) => {
    const needs = rowOf(pending, toolCallId)
    if (needs !== 'approval' && needs !== 'result') return []
    return [{ runId, step: 0, toolCallId, name, arguments: args, needs }]
  })
}

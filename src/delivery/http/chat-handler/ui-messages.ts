import type { Issue } from '../../../core/error.ts'
import { isFull } from '../../../core/issues.ts'
import { isObject, listOf, objectOf, textOf, type JsonValue } from '../../../core/json.ts'
import type { AssistantPart, ToolCallPart, UserPart } from '../../../core/message.ts'
import type { MessageInput } from '../../../core/request.ts'

/** Whether the messages are the AI SDK's UI messages, whose content is in `parts`. */
export function areUiMessages(messages: unknown): boolean {
  return Array.isArray(messages) && messages.some((message) => isObject(message) && 'parts' in message)
}

/** Converts the AI SDK's UI messages. Leaves out parts for display only: sources, data, step marks. */
export function readUiMessages(messages: readonly unknown[], issues: Issue[]): MessageInput[] {
  const read: MessageInput[] = []
  for (let index = 0; index < messages.length && !isFull(issues); index++)
    for (const one of readMessage(objectOf(messages[index]), `messages.${index}`, issues)) read.push(one)
  return read
}

function readMessage(message: Record<string, unknown>, path: string, issues: Issue[]): MessageInput[] {
  const parts = listOf(message['parts']).map(objectOf)
  switch (message['role']) {
    case 'system':
      return [{ role: 'system', content: textIn(parts) }]
    case 'user':
      return [{ role: 'user', content: parts.flatMap(userPart) }]
    case 'assistant':
      return stepsOf(parts).flatMap(readStep)
    default:
      issues.push({ path: `${path}.role`, message: 'must be one of system, user, assistant' })
      return []
  }
}

function textIn(parts: readonly Record<string, unknown>[]): string {
  return parts.flatMap((part) => (part['type'] === 'text' ? [textOf(part['text']) ?? ''] : [])).join('\n')
}

function userPart(part: Record<string, unknown>): UserPart[] {
  if (part['type'] === 'text') return [{ type: 'text', text: textOf(part['text']) ?? '' }]
  const url = textOf(part['url'])
  if (part['type'] !== 'file' || url === undefined) return []
  const mediaType = textOf(part['mediaType'])
  if (mediaType?.startsWith('image/') === true) return [{ type: 'image', url, mediaType }]
  return [{ type: 'file', url, mediaType, filename: textOf(part['filename']) }]
}

// A step is one response of the model and the tool calls in it.
function stepsOf(parts: readonly Record<string, unknown>[]): Record<string, unknown>[][] {
  const steps: Record<string, unknown>[][] = [[]]
  for (const part of parts) {
    if (part['type'] === 'step-start') steps.push([])
    else steps.at(-1)?.push(part)
  }
  return steps.filter((step) => step.length > 0)
}

function readStep(step: readonly Record<string, unknown>[]): MessageInput[] {
  const content: AssistantPart[] = []
  const results: MessageInput[] = []
  for (const part of step) {
    const text = part['type'] === 'text' ? textOf(part['text']) : undefined
    if (text !== undefined) content.push({ type: 'text', text })
    const call = toolCall(part)
    // Providers reject a call without a result.
    if (call === undefined || !isAnswered(part)) continue
    content.push(call)
    results.push(toolResult(call, part))
  }
  return content.length === 0 ? [] : [{ role: 'assistant', content }, ...results]
}

function toolCall(part: Record<string, unknown>): ToolCallPart | undefined {
  const type = textOf(part['type']) ?? ''
  const name = type === 'dynamic-tool' ? textOf(part['toolName']) : /^tool-(.+)$/.exec(type)?.[1]
  const id = textOf(part['toolCallId'])
  if (name === undefined || id === undefined) return undefined
  const input = part['input'] ?? part['rawInput'] ?? {}
  return { type: 'tool-call', id, name, arguments: input as JsonValue }
}

function isAnswered({ state }: Record<string, unknown>): boolean {
  return state === 'output-available' || state === 'output-error'
}

function toolResult({ id, name }: ToolCallPart, part: Record<string, unknown>): MessageInput {
  if (part['state'] === 'output-error') {
    const content = textOf(part['errorText']) ?? 'the tool failed'
    return { role: 'tool', toolCallId: id, name, content, isError: true }
  }
  return { role: 'tool', toolCallId: id, name, content: (part['output'] ?? null) as JsonValue }
}

/** The calls of the newest response in the last message, if that is an answer. */
export function newestCalls(messages: unknown): readonly Record<string, unknown>[] {
  const last = objectOf(listOf(messages).at(-1))
  const parts = last['role'] === 'assistant' ? listOf(last['parts']).map(objectOf) : []
  const start = parts.findLastIndex(({ type }) => type === 'step-start')
  return parts.slice(start + 1).filter(({ toolCallId }) => toolCallId !== undefined)
}

/** What a person has decided about these calls. */
export function respondedCalls(messages: unknown): readonly object[] {
  return newestCalls(messages).flatMap(({ state, toolCallId, approval }) => {
    const { approved, reason } = objectOf(approval)
    return state === 'approval-responded' ? [{ toolCallId, approved, reason }] : []
  })
}

import type { JsonObject, JsonValue } from '../../core/json.ts'
import { textParts, type ChatMessage, type ChatPart, type ChatToolPart } from './message-reducer.ts'

/**
 * Converts a conversation to the `messages` of a request: user messages with their files, and answers with their finished
 * tool calls. Leaves out reasoning, sources, notices, and answers with neither text nor tool calls.
 */
export function historyOf(messages: readonly ChatMessage[]): JsonObject[] {
  return messages.flatMap((message) => {
    if (message.role === 'user') return [userMessage(message)]
    return message.role === 'assistant' ? answerMessages(message.parts) : []
  })
}

function userMessage({ text, parts }: ChatMessage): JsonObject {
  const files = parts.filter(({ type }) => type === 'image' || type === 'file')
  if (files.length === 0) return { role: 'user', content: text }
  return { role: 'user', content: [...textParts(text), ...files.map((file) => ({ ...file }))] }
}

// A text after tools begins a new message, because the model wrote it after it had read their results.
function answerMessages(parts: readonly ChatPart[]): JsonObject[] {
  const messages: JsonObject[] = []
  let text = ''
  let tools: ChatToolPart[] = []
  const close = (): void => {
    if (tools.length > 0) messages.push(...toolMessages(text, tools))
    else if (text !== '') messages.push({ role: 'assistant', content: text })
    text = ''
    tools = []
  }
  for (const part of parts) {
    if (part.type === 'tool' && part.state !== 'running') tools.push(part)
    if (part.type !== 'text') continue
    if (tools.length > 0) close()
    text += part.text
  }
  close()
  return messages
}

function toolMessages(text: string, tools: readonly ChatToolPart[]): JsonObject[] {
  const calls = tools.map(({ id, name, arguments: given }) => ({
    type: 'tool-call',
    id,
    name,
    arguments: given,
  }))
  const results = tools.map(({ id, name, result, error }) => ({
    role: 'tool',
    toolCallId: id,
    name,
    content: error ?? resultText(result),
    isError: error === undefined ? undefined : true,
  }))
  return [{ role: 'assistant', content: [...textParts(text), ...calls] }, ...results]
}

function resultText(result: JsonValue | undefined): string {
  return typeof result === 'string' ? result : JSON.stringify(result ?? null)
}

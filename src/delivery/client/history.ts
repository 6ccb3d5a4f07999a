import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { ChatMessage, ChatPart, ChatToolPart } from './message-reducer.ts'

/**
 * The conversation as the server takes it: user turns with their files, answers with the tool calls that came to an
 * end. Thoughts, sources and notices stay here, and so do answers without a word.
 */
export function historyOf(messages: readonly ChatMessage[]): JsonObject[] {
  return messages.flatMap((message) => {
    if (message.role === 'user') return [userTurn(message)]
    return message.role === 'assistant' ? answerTurns(message.parts) : []
  })
}

function userTurn({ text, parts }: ChatMessage): JsonObject {
  const files = parts.filter(({ type }) => type === 'image' || type === 'file')
  if (files.length === 0) return { role: 'user', content: text }
  const words = text === '' ? [] : [{ type: 'text', text }]
  return { role: 'user', content: [...words, ...files.map((file) => ({ ...file }))] }
}

// A text after tools belongs to the next step of the answer: it has seen their results.
function answerTurns(parts: readonly ChatPart[]): JsonObject[] {
  const turns: JsonObject[] = []
  let text = ''
  let tools: ChatToolPart[] = []
  const close = (): void => {
    if (tools.length > 0) turns.push(...toolTurns(text, tools))
    else if (text !== '') turns.push({ role: 'assistant', content: text })
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
  return turns
}

function toolTurns(text: string, tools: readonly ChatToolPart[]): JsonObject[] {
  const words = text === '' ? [] : [{ type: 'text', text }]
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
    content: error ?? wordsOf(result),
    isError: error === undefined ? undefined : true,
  }))
  return [{ role: 'assistant', content: [...words, ...calls] }, ...results]
}

function wordsOf(result: JsonValue | undefined): string {
  return typeof result === 'string' ? result : JSON.stringify(result ?? null)
}

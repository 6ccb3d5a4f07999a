import type { RenderInput } from '../../core/dialect.ts'
import { withFields, withFieldsInLast } from '../../core/fit/wire-fields.ts'
import { listOf, type JsonDraft, type JsonObject, type JsonValue } from '../../core/json.ts'
import {
  argumentsText,
  base64Of,
  markOfResult,
  partsOf,
  plainText,
  urlOf,
  type AssistantMessage,
  type FilePart,
  type Message,
  type ReasoningPart,
  type TextPart,
  type ToolCallPart,
  type ToolMessage,
  type UserMessage,
  type UserPart,
} from '../../core/message.ts'
import { audioFormat } from '../media.ts'
import { noteLostThoughts, noteOnce } from '../note.ts'
import { withCacheMark } from '../prompt-cache.ts'
import type { OpenAIResponsesQuirks } from './quirks.ts'

export const DIALECT = 'openai-responses'
/** Value of a reasoning part's `details` if its text is the full reasoning. A list: the parts of a summary. */
export const OPEN_REASONING = 'reasoning_text'

/** Writes model, input items and mode. The server stores nothing, so that reasoning travels encrypted. */
export function render(input: RenderInput, body: JsonDraft): void {
  const quirks: OpenAIResponsesQuirks = input.quirks
  noteLostThoughts(input, (part) => renderReasoning(part).length > 0)
  body['model'] = input.model
  body['input'] = input.messages.flatMap((message) =>
    withFieldsInLast(renderMessage(message, quirks, input), message),
  )
  body['store'] = false
  if (quirks.sealedReasoning ?? body['reasoning'] !== undefined)
    body['include'] = [...(listOf(body['include']) as JsonValue[]), 'reasoning.encrypted_content']
  if (input.stream) body['stream'] = true
}

function renderMessage(message: Message, quirks: OpenAIResponsesQuirks, input: RenderInput): JsonObject[] {
  switch (message.role) {
    case 'system':
    case 'developer':
      return [{ role: quirks.systemRole ?? 'system', content: markedText(message.content, message.cache) }]
    case 'user':
      return [renderUser(message, input)]
    case 'assistant':
      return renderAssistant(message, input)
    case 'tool':
      return [renderToolResult(message)]
  }
}

function markedText(text: string, cache: unknown): JsonValue {
  return cache === undefined ? text : withCacheMark([{ type: 'input_text', text }], cache, true)
}

function renderUser({ content, name }: UserMessage, input: RenderInput): JsonObject {
  if (name !== undefined) noteOnce(input, 'names of users were left out: the format has no field for them')
  if (typeof content === 'string') return { role: 'user', content }
  const marked = content.flatMap((part) =>
    withCacheMark([renderExtended(part)], (part as TextPart).cache, true),
  )
  return { role: 'user', content: marked }
}

function renderExtended(part: UserPart): JsonObject {
  return withFields(renderPart(part), part)
}

function renderPart(part: UserPart): JsonObject {
  switch (part.type) {
    case 'text':
      return { type: 'input_text', text: part.text }
    case 'image':
      return { type: 'input_image', image_url: urlOf(part), detail: part.detail ?? 'auto' }
    case 'audio':
      return {
        type: 'input_audio',
        input_audio: { data: base64Of(part.data), format: audioFormat(part.mediaType) },
      }
    case 'file':
      return renderFile(part)
  }
}

function renderFile(part: FilePart): JsonObject {
  const image = part.mediaType?.startsWith('image/') === true
  const type = image ? 'input_image' : 'input_file'
  const detail = image ? 'auto' : undefined
  if (part.fileId !== undefined) return { type, file_id: part.fileId, detail }
  if (image) return { type, image_url: urlOf(part), detail }
  if (part.url !== undefined && !part.url.startsWith('data:')) return { type, file_url: part.url }
  return { type, filename: part.filename ?? 'file', file_data: urlOf(part) }
}

function renderAssistant({ content }: AssistantMessage, input: RenderInput): JsonObject[] {
  const items: JsonObject[] = []
  // Reasoning is held until the next item, because the format refuses reasoning that nothing follows.
  const thoughts: JsonObject[] = []
  const add = (item: JsonObject): void => {
    items.push(...thoughts.splice(0), item)
  }
  for (const part of partsOf(content)) {
    if (part.type === 'reasoning') thoughts.push(...renderReasoning(part))
    else if (part.type === 'file')
      noteOnce(input, 'files made by the model were left out: the format has none in assistant messages')
    else if (part.type === 'server-tool') add(part.block)
    else if (part.type === 'tool-call') add(withFields(renderCall(part), part))
    else if (part.text !== '')
      add(withFields({ role: 'assistant', phase: part.phase, content: part.text }, part))
  }
  return items
}

function renderCall(call: ToolCallPart): JsonObject {
  return { type: 'function_call', call_id: call.id, name: call.name, arguments: argumentsText(call) }
}

// Encrypted or full reasoning only. Encrypted reasoning is sent without its id, because the server would look the id up.
function renderReasoning({ text, id, encrypted, details, origin }: ReasoningPart): JsonObject[] {
  if (origin !== DIALECT) return []
  if (details === OPEN_REASONING) {
    const content = [{ type: 'reasoning_text', text }]
    return [{ type: 'reasoning', id, summary: [], content, encrypted_content: encrypted }]
  }
  if (encrypted === undefined) return []
  const parts = Array.isArray(details) ? (details as readonly string[]) : text === '' ? [] : [text]
  const summary = parts.map((part) => ({ type: 'summary_text', text: part }))
  return [{ type: 'reasoning', summary, encrypted_content: encrypted }]
}

function renderToolResult(message: ToolMessage): JsonObject {
  const { toolCallId, content, isError } = message
  const result = { type: 'function_call_output', call_id: toolCallId }
  const text = plainText(content, '\n')
  const cache = markOfResult(message)
  if (typeof content === 'string' || content.every((part) => part.type === 'text'))
    return { ...result, output: markedText(isError === true && text !== '' ? `Error: ${text}` : text, cache) }
  const parts = withCacheMark(content.map(renderExtended), cache, true)
  return { ...result, output: isError === true ? [{ type: 'input_text', text: 'Error:' }, ...parts] : parts }
}

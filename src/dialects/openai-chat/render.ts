import type { RenderInput } from '../../core/dialect.ts'
import { fitHistory, type ToolIdRule } from '../../core/history.ts'
import type { JsonDraft, JsonObject, JsonValue } from '../../core/json.ts'
import {
  argumentsText,
  base64Of,
  partsOf,
  plainText,
  urlOf,
  type AssistantMessage,
  type Message,
  type ToolMessage,
  type UserMessage,
  type UserPart,
} from '../../core/message.ts'
import type { OpenAIChatQuirks } from './quirks.ts'

const SHORT_IDS: ToolIdRule = {
  allowed: /^[A-Za-z0-9]{9}$/,
  make: (index) => `call${String(index).padStart(5, '0')}`,
}

/** Writes model, messages and mode. */
export function render(input: RenderInput, body: JsonDraft): void {
  const quirks: OpenAIChatQuirks = input.quirks
  const toolIds = quirks.shortToolIds === true ? SHORT_IDS : undefined
  const messages = fitHistory(input.messages, { dialect: 'openai-chat', toolIds }, input.warnings)
  body['model'] = input.model
  body['messages'] = messages.flatMap((message) => renderMessage(message, quirks, input))
  if (!input.stream) return
  body['stream'] = true
  if (quirks.streamUsage !== false) body['stream_options'] = { include_usage: true }
}

function renderMessage(message: Message, quirks: OpenAIChatQuirks, input: RenderInput): JsonObject[] {
  switch (message.role) {
    case 'system':
    case 'developer':
      return [{ role: quirks.systemRole ?? 'system', content: message.content }]
    case 'user':
      return [renderUser(message, quirks, input)]
    case 'assistant':
      return [renderAssistant(message, quirks)]
    case 'tool':
      return renderToolResult(message)
  }
}

function renderUser(
  { content, name }: UserMessage,
  quirks: OpenAIChatQuirks,
  input: RenderInput,
): JsonObject {
  if (typeof content === 'string') return { role: 'user', content, name }
  const onlyText = content.every((part) => part.type === 'text')
  if (onlyText && quirks.plainText === true) return { role: 'user', content: plainText(content, '\n'), name }
  return { role: 'user', content: content.map((part) => renderPart(part, input)), name }
}

function renderPart(part: UserPart, input: RenderInput): JsonValue {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text }
    case 'image':
      return { type: 'image_url', image_url: { url: urlOf(part), detail: part.detail } }
    case 'audio':
      return {
        type: 'input_audio',
        input_audio: { data: base64Of(part.data), format: audioFormat(part.mediaType) },
      }
    case 'file': {
      if (part.fileId !== undefined) return { type: 'file', file: { file_id: part.fileId } }
      if (part.url !== undefined && !part.url.startsWith('data:')) {
        input.warnings.push({
          type: 'compatibility',
          message: 'a file by URL was sent as its link: this format takes file bytes or an id',
        })
        return { type: 'text', text: part.url }
      }
      return { type: 'file', file: { filename: part.filename ?? 'file', file_data: urlOf(part) } }
    }
  }
}

// `audio/mpeg` is called mp3 here; every other kind by the end of its media type.
function audioFormat(mediaType: string): string {
  const kind = mediaType.replace(/^audio\//, '').replace(/^x-/, '')
  return kind === 'mpeg' ? 'mp3' : kind
}

function renderAssistant({ content, name }: AssistantMessage, quirks: OpenAIChatQuirks): JsonObject {
  const parts = partsOf(content)
  const calls = parts.flatMap((part) => (part.type === 'tool-call' ? [part] : []))
  const text = plainText(parts)
  return {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    name,
    ...renderReasoning(parts, quirks),
    ...(calls.length === 0
      ? undefined
      : {
          tool_calls: calls.map((call) => ({
            id: call.id,
            type: 'function',
            function: {
              name: call.name,
              arguments: argumentsText(call),
            },
          })),
        }),
  }
}

function renderReasoning(
  parts: readonly { type: string }[],
  { reasoningField }: OpenAIChatQuirks,
): JsonObject | undefined {
  if (reasoningField === undefined) return undefined
  const thoughts = parts.filter((part) => part.type === 'reasoning') as {
    type: 'reasoning'
    text: string
    details?: JsonValue
  }[]
  if (thoughts.length === 0) return undefined
  const details = thoughts.flatMap((thought) =>
    Array.isArray(thought.details) ? (thought.details as JsonValue[]) : [],
  )
  if (reasoningField === 'reasoning_details' && details.length > 0) return { reasoning_details: details }
  const text = thoughts.map((thought) => thought.text).join('')
  if (text === '') return undefined
  return { [reasoningField === 'reasoning_details' ? 'reasoning' : reasoningField]: text }
}

// A tool message holds text only: pictures and files follow as a user turn.
function renderToolResult({ toolCallId, content, isError }: ToolMessage): JsonObject[] {
  const text = plainText(content, '\n')
  const others = typeof content === 'string' ? [] : content.filter((part) => part.type !== 'text')
  const shown = isError === true && text !== '' ? `Error: ${text}` : text
  const result = {
    role: 'tool',
    tool_call_id: toolCallId,
    content: shown === '' && others.length > 0 ? 'See the next message.' : shown,
  }
  if (others.length === 0) return [result]
  const parts = others.map((part) =>
    part.type === 'image'
      ? { type: 'image_url', image_url: { url: urlOf(part) } }
      : {
          type: 'file',
          file:
            part.fileId === undefined
              ? { filename: part.filename ?? 'file', file_data: urlOf(part) }
              : { file_id: part.fileId },
        },
  )
  return [result, { role: 'user', content: parts }]
}

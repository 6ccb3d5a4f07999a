import type { RenderInput } from '../../core/dialect.ts'
import { withFields, withFieldsInLast } from '../../core/fit/wire-fields.ts'
import type { JsonDraft, JsonObject, JsonValue } from '../../core/json.ts'
import type { Extensible } from '../../core/extensible.ts'
import {
  argumentsText,
  base64Of,
  partsOf,
  plainText,
  urlOf,
  type AssistantMessage,
  type Message,
  type ReasoningPart,
  type TextPart,
  type ToolMessage,
  type UserMessage,
  type UserPart,
} from '../../core/message.ts'
import { audioFormat } from '../media.ts'
import { resolveConflicts } from './conflicts.ts'
import type { OpenAIChatQuirks } from './quirks.ts'

/** Writes model, messages and mode. */
export function render(input: RenderInput, body: JsonDraft): void {
  const quirks: OpenAIChatQuirks = input.quirks
  const { messages } = input
  body['model'] = input.model
  const rendered: JsonObject[] = []
  for (const message of messages)
    rendered.push(...withFieldsInLast(renderMessage(message, { quirks, input }), message))
  const ordered = resultsTogether(rendered)
  const { prefillField } = quirks
  if (prefillField !== undefined && messages.at(-1)?.role === 'assistant')
    ordered.push({ ...ordered.pop(), [prefillField]: true })
  body['messages'] = ordered
  resolveConflicts(input, body)
  if (!input.stream) return
  body['stream'] = true
  if (quirks.streamUsage !== false) body['stream_options'] = { include_usage: true }
}

// The results of parallel calls must follow each other, so that the media of results come after the last of them.
function resultsTogether(messages: JsonObject[]): JsonObject[] {
  if (!messages.some((message) => message['role'] === 'tool')) return messages
  const ordered: JsonObject[] = []
  const media: JsonObject[] = []
  for (const [at, message] of messages.entries()) {
    const between =
      message['role'] === 'user' &&
      messages[at - 1]?.['role'] === 'tool' &&
      messages[at + 1]?.['role'] === 'tool'
    if (between) {
      media.push(message)
      continue
    }
    if (message['role'] !== 'tool') ordered.push(...media.splice(0))
    ordered.push(message)
  }
  return [...ordered, ...media]
}

interface Rendering {
  readonly quirks: OpenAIChatQuirks
  readonly input: RenderInput
}

function renderMessage(message: Message, { quirks, input }: Rendering): JsonObject[] {
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
  return { role: 'user', content: content.map((part) => withFields(renderPart(part, input), part)), name }
}

function renderPart(part: UserPart, input: RenderInput): JsonObject {
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
          message: 'a file by URL was sent as a link: the format accepts bytes or a file id',
        })
        return { type: 'text', text: part.url }
      }
      return { type: 'file', file: { filename: part.filename ?? 'file', file_data: urlOf(part) } }
    }
  }
}

function renderAssistant({ content, name }: AssistantMessage, quirks: OpenAIChatQuirks): JsonObject {
  const parts = partsOf(content)
  const calls = parts.flatMap((part) => (part.type === 'tool-call' ? [part] : []))
  const text = plainText(parts)
  return {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : contentOf(parts, text),
    name,
    ...renderReasoning(parts, text, quirks),
    ...(calls.length === 0
      ? undefined
      : {
          tool_calls: calls.map((call) =>
            withFields(
              {
                id: call.id,
                type: 'function',
                function: { name: call.name, arguments: argumentsText(call) },
              },
              call,
            ),
          ),
        }),
  }
}

// A string, unless a part has fields of its own.
function contentOf(parts: readonly (Extensible & { readonly type: string })[], text: string): JsonValue {
  const texts = parts.filter((part) => part.type === 'text') as TextPart[]
  if (texts.every(({ wire }) => wire === undefined)) return text
  return texts.map((part) => withFields({ type: 'text', text: part.text }, part))
}

function renderReasoning(
  parts: readonly { readonly type: string }[],
  text: string,
  { reasoningField: field, reasoningRequired }: OpenAIChatQuirks,
): JsonObject | undefined {
  if (field === undefined) return undefined
  const thoughts = parts.filter((part) => part.type === 'reasoning') as ReasoningPart[]
  const thought = thoughts.map((part) => part.text).join('')
  if (field === 'reasoning_details') {
    const details = thoughts.flatMap((part) =>
      Array.isArray(part.details) ? (part.details as JsonValue[]) : [],
    )
    if (details.length > 0) return { reasoning_details: details }
    return thought === '' ? undefined : { reasoning: thought }
  }
  if (thought === '') return reasoningRequired === true ? { [field]: '' } : undefined
  if (field !== 'thinking') return { [field]: thought }
  const said = text === '' ? [] : [{ type: 'text', text }]
  return { content: [{ type: 'thinking', thinking: [{ type: 'text', text: thought }] }, ...said] }
}

// A tool message holds text only: images and files follow as a user message.
function renderToolResult({ toolCallId, content, isError }: ToolMessage): JsonObject[] {
  const text = plainText(content, '\n')
  const others = typeof content === 'string' ? [] : content.filter((part) => part.type !== 'text')
  const shown = isError === true && text !== '' ? `Error: ${text}` : text
  const result = {
    role: 'tool',
    tool_call_id: toolCallId,
    content: shown === '' && others.length > 0 ? 'See the next message.' : contentOf(partsOf(content), shown),
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

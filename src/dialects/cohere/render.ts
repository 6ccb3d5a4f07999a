import type { RenderInput } from '../../core/dialect.ts'
import { withFields, withFieldsInLast } from '../../core/fit/wire-fields.ts'
import { objectOf, textOf, type JsonDraft, type JsonObject } from '../../core/json.ts'
import {
  argumentsText,
  bytesOf,
  partsOf,
  plainText,
  urlOf,
  type AssistantMessage,
  type AssistantPart,
  type FilePart,
  type Message,
  type ToolMessage,
  type UserMessage,
  type UserPart,
} from '../../core/message.ts'
import { decodeText, isTextType } from '../media.ts'
import { noteLostThoughts, noteOnce } from '../note.ts'
import type { CohereQuirks } from './quirks.ts'

export const DIALECT = 'cohere'

interface Input extends RenderInput {
  /** Files that the answer shall cite; they have a place of their own. */
  readonly documents: JsonObject[]
}

/** Writes model, messages and mode. */
export function render(given: RenderInput, body: JsonDraft): void {
  const documents: JsonObject[] = []
  const input: Input = { ...given, documents }
  const messages: JsonObject[] = []
  // Media of tool results follow as one user message after the last result, because tool messages hold text only.
  const media: JsonObject[] = []
  const placeMedia = (): void => {
    if (media.length > 0) messages.push({ role: 'user', content: media.splice(0) })
  }
  for (const message of input.messages) {
    if (message.role !== 'tool') placeMedia()
    messages.push(...withFieldsInLast(renderMessage(message, media, input), message))
  }
  placeMedia()
  noteLostThoughts(input, (part) => renderBlock(part, input.quirks).length > 0)
  if (documents.length > 0) body['documents'] = documents
  body['model'] = input.model
  body['messages'] = messages
  body['stream'] = input.stream
}

function renderMessage(message: Message, media: JsonObject[], input: Input): JsonObject[] {
  switch (message.role) {
    case 'tool':
      return [renderToolResult(message, media, input)]
    case 'user':
      return [renderUser(message, input)]
    case 'assistant':
      return renderAssistant(message, input.quirks, input)
    default:
      return [{ role: 'system', content: message.content }]
  }
}

function renderUser({ content, name }: UserMessage, input: Input): JsonObject {
  if (name !== undefined) noteOnce(input, 'names of users were left out: the format has no field for them')
  if (typeof content === 'string') return { role: 'user', content }
  return { role: 'user', content: content.map((part) => withFields(renderPart(part, input), part)) }
}

function renderPart(part: UserPart, input: Input): JsonObject {
  switch (part.type) {
    case 'text':
      return renderText(part.text)
    case 'image':
      return { type: 'image_url', image_url: { url: urlOf(part), detail: part.detail } }
    case 'audio':
      noteOnce(input, 'audio was left out: the format accepts text and images only')
      return renderText(`[left out: ${part.mediaType}]`)
    case 'file':
      return renderFile(part, input)
  }
}

function renderText(text: string): JsonObject {
  return { type: 'text', text }
}

// Files of text and images are sent as such; of other files only the name.
function renderFile(part: FilePart, input: Input): JsonObject {
  const bytes = bytesOf(part)
  const mediaType = bytes?.mediaType ?? part.mediaType ?? ''
  if (mediaType.startsWith('image/') && part.fileId === undefined)
    return { type: 'image_url', image_url: { url: urlOf(part) } }
  if (bytes !== undefined && part.citations === true && isTextType(mediaType)) {
    const title = part.filename ?? `document ${input.documents.length + 1}`
    input.documents.push({ data: { title, text: decodeText(bytes.data) } })
    return renderText(`[${title}]`)
  }
  if (bytes !== undefined && /^text\/|[/+](json|xml)$/.test(mediaType))
    return renderText(decodeText(bytes.data))
  noteOnce(input, 'files were replaced by their names: the format accepts text and images only')
  return renderText(`[left out: ${part.filename ?? part.url ?? (mediaType || 'a file')}]`)
}

function renderAssistant({ content }: AssistantMessage, quirks: CohereQuirks, input: Input): JsonObject[] {
  const parts = partsOf(content)
  if (parts.some((part) => part.type === 'file'))
    noteOnce(input, 'files made by the model were left out: the format has none in assistant messages')
  const blocks = parts.flatMap((part) => renderBlock(part, quirks))
  const calls = parts.flatMap((part) => (part.type === 'tool-call' ? [renderCall(part)] : []))
  // The format refuses an empty message.
  if (blocks.length === 0 && calls.length === 0) return []
  const onlyText = blocks.every((block) => block['type'] === 'text')
  return [
    {
      role: 'assistant',
      content: blocks.length === 0 ? undefined : onlyText ? plainText(parts) : blocks,
      ...(calls.length === 0 ? undefined : { tool_plan: planOf(parts), tool_calls: calls }),
    },
  ]
}

function renderBlock(part: AssistantPart, { thinks }: CohereQuirks): JsonObject[] {
  if (part.type === 'text') return part.text === '' ? [] : [renderText(part.text)]
  const own = part.type === 'reasoning' && part.origin === DIALECT && part.text !== '' && thinks !== false
  return own ? [{ type: 'thinking', thinking: part.text }] : []
}

function renderCall(call: Extract<AssistantPart, { type: 'tool-call' }>): JsonObject {
  return {
    id: call.id,
    type: 'function',
    function: { name: call.name, arguments: argumentsText(call) },
  }
}

// The reader put the plan among the reasoning.
function planOf(parts: readonly AssistantPart[]): string | undefined {
  for (const part of parts) {
    const plan =
      part.type === 'reasoning' && part.origin === DIALECT
        ? textOf(objectOf(part.details)['tool_plan'])
        : undefined
    if (plan !== undefined) return plan
  }
  return undefined
}

function renderToolResult(
  { toolCallId, content, isError }: ToolMessage,
  media: JsonObject[],
  input: Input,
): JsonObject {
  const text = plainText(content, '\n')
  const others = typeof content === 'string' ? [] : content.filter((part) => part.type !== 'text')
  media.push(...others.map((part) => renderPart(part, input)))
  const shown = isError === true && text !== '' ? `Error: ${text}` : text
  const result = shown === '' && others.length > 0 ? 'See the next user message.' : shown
  return { role: 'tool', tool_call_id: toolCallId, content: result }
}

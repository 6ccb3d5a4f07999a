import type { RenderInput } from '../../core/dialect.ts'
import { toolNames } from '../../core/history.ts'
import { withFieldsInLast } from '../../core/fit/wire-fields.ts'
import { listOf, objectOf, type JsonDraft, type JsonObject } from '../../core/json.ts'
import {
  argumentsObject,
  bytesOf,
  partsOf,
  plainText,
  type AssistantMessage,
  type FilePart,
  type ImagePart,
  type Message,
  type ToolCallPart,
  type ToolMessage,
  type UserPart,
} from '../../core/message.ts'
import { decodeText, isTextType } from '../media.ts'
import { createNote, type Note } from '../note.ts'

/** Writes model, messages and mode. */
export function render(input: RenderInput, body: JsonDraft): void {
  const note = createNote(input)
  const messages = input.messages
  const names = toolNames(messages)
  body['model'] = input.model
  body['messages'] = messages.flatMap((message) =>
    withFieldsInLast(renderMessage(message, names, note), message),
  )
  // Always sent, because the server streams by default.
  body['stream'] = input.stream
  fitTools(input, body)
}

// The format has no tool choice, so that only the list of tools can express it.
function fitTools({ settings }: RenderInput, body: JsonDraft): void {
  const { toolChoice } = settings
  if (toolChoice === 'none') delete body['tools']
  if (typeof toolChoice !== 'object' || !('name' in toolChoice)) return
  body['tools'] = listOf(body['tools']).filter((tool): tool is JsonObject => {
    return objectOf(objectOf(tool)['function'])['name'] === toolChoice.name
  })
}

function renderMessage(message: Message, names: ReadonlyMap<string, string>, note: Note): JsonObject[] {
  switch (message.role) {
    case 'system':
    case 'developer':
      return [{ role: 'system', content: message.content }]
    case 'user':
      return [renderUser(message.content, note)]
    case 'assistant':
      return [renderAssistant(message, note)]
    case 'tool':
      return renderToolResult(message, names, note)
  }
}

function renderUser(content: string | readonly UserPart[], note: Note): JsonObject {
  if (typeof content === 'string') return { role: 'user', content }
  const images: string[] = []
  const texts: string[] = []
  for (const part of content) {
    const read = readPart(part, note)
    if (read.image !== undefined) images.push(read.image)
    if (read.text !== undefined) texts.push(read.text)
  }
  return { role: 'user', content: texts.join('\n'), ...(images.length > 0 ? { images } : undefined) }
}

interface ReadPart {
  readonly text?: string
  /** Base64. */
  readonly image?: string
}

function readPart(part: UserPart, note: Note): ReadPart {
  switch (part.type) {
    case 'text':
      return { text: part.text }
    case 'image':
      return readImage(part, note)
    case 'file':
      return readFile(part, note)
    case 'audio':
      note('audio was left out: the format has none')
      return {}
  }
}

function readImage(part: ImagePart | FilePart, note: Note): ReadPart {
  const bytes = bytesOf(part)
  if (bytes !== undefined) return { image: bytes.data }
  note('an image by URL was sent as a link: the format accepts bytes only')
  return { text: part.url ?? '' }
}

// The format has texts and images only: a file that is either is sent as such.
function readFile(part: FilePart, note: Note): ReadPart {
  const bytes = bytesOf(part)
  const mediaType = bytes?.mediaType ?? part.mediaType ?? ''
  if (mediaType.startsWith('image/')) return readImage(part, note)
  if (bytes !== undefined && isTextType(mediaType)) {
    const text = decodeText(bytes.data)
    return { text: part.filename === undefined ? text : `${part.filename}:\n${text}` }
  }
  note(
    `file ${part.filename ?? ''} of type ${mediaType} was left out: the format accepts text and images only`,
  )
  return {}
}

function renderAssistant({ content }: AssistantMessage, note: Note): JsonObject {
  const parts = partsOf(content)
  const calls = parts.filter((part) => part.type === 'tool-call')
  const thinking = parts.map((part) => (part.type === 'reasoning' ? part.text : '')).join('')
  if (parts.some((part) => part.type === 'file'))
    note('a file made by the model was left out: the format has none in assistant messages')
  return {
    role: 'assistant',
    content: plainText(parts),
    ...(thinking === '' ? undefined : { thinking }),
    ...(calls.length === 0 ? undefined : { tool_calls: calls.map(renderCall) }),
  }
}

// Arguments are an object on this wire, which has no ids.
function renderCall(call: ToolCallPart): JsonObject {
  return { function: { name: call.name, arguments: argumentsObject(call) } }
}

// A tool message holds text only: images follow as a user message.
function renderToolResult(
  { toolCallId, name, content, isError }: ToolMessage,
  names: ReadonlyMap<string, string>,
  note: Note,
): JsonObject[] {
  const text = plainText(content, '\n')
  const others = partsOf(content).filter((part) => part.type !== 'text')
  const shown = isError === true && text !== '' ? `Error: ${text}` : text
  const result = {
    role: 'tool',
    tool_name: name ?? names.get(toolCallId),
    content: shown === '' && others.length > 0 ? 'See the next message.' : shown,
  }
  return others.length === 0 ? [result] : [result, renderUser(others, note)]
}

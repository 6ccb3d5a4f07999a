import { throwInvalidRequest } from './error.ts'
import { parseJson, type JsonValue } from './json.ts'
import { findLost } from './lost-fields.ts'
import { canonicalBase64, canonicalUrl, registeredType } from './media-type.ts'
import type { Extensible } from './extensible.ts'
import type {
  AssistantMessage,
  AssistantPart,
  AudioPart,
  FilePart,
  Message,
  ToolCallPart,
  ToolMessage,
  ToolResultPart,
  UserPart,
} from './message.ts'
import { findLostInParts, isResultParts } from './request-schema.ts'
import type { AssistantInput, MessageInput, OpenAIFilePart, ToolInput, UserInput } from './request.ts'

/**
 * Converts a caller's message to the one shape that dialects read. Adds the paths of fields without a place to `lost`. Throws
 * `invalid-request` with the path.
 */
export function normalizeMessage(message: MessageInput, path: string, lost: string[] = []): Message {
  const { providerOptions } = message
  const normal = normalizeByRole(message, path, lost)
  return providerOptions === undefined ? normal : { ...normal, providerOptions }
}

function normalizeByRole(message: MessageInput, path: string, lost: string[]): Message {
  switch (message.role) {
    case 'system':
    case 'developer': {
      const { role, content } = message
      if (typeof content === 'string') return { role, content }
      // The parts become one text, which has the options of the last one.
      const last = content.length - 1
      for (const [at, { providerOptions }] of content.entries())
        if (providerOptions !== undefined && at !== last) lost.push(`${path}.content.${at}.providerOptions`)
      const { providerOptions } = content[last] ?? {}
      const text = content.map((part) => part.text).join('\n')
      return { role, content: text, ...(providerOptions && { providerOptions }) }
    }
    case 'user': {
      const { role, content, name } = message
      if (typeof content === 'string') return { role, name, content }
      const read = (part: UserInputPart, at: number): UserPart =>
        readUserPart(part, { path: `${path}.content.${at}`, lost })
      return { role, name, content: content.map(read) }
    }
    case 'assistant':
      return readAssistant(message, path, lost)
    case 'tool':
      if (isResultParts(message.content)) findLostInParts(message.content, `${path}.content`, lost)
      return readToolResult(message, path)
  }
}

interface Place {
  readonly path: string
  readonly lost: string[]
}
type UserInputPart = Exclude<UserInput['content'], string>[number]

function readUserPart(part: UserInputPart, place: Place): UserPart {
  const { path, lost } = place
  switch (part.type) {
    case 'image_url': {
      const { url, detail } = part.image_url
      const known = detail === 'low' || detail === 'high' || detail === 'auto' ? detail : undefined
      if (known === undefined && detail) lost.push(`${path}.image_url.detail`)
      return { type: 'image', url: canonicalUrl(url), detail: known, ...optionsOf(part) }
    }
    case 'input_audio':
      return canonical<AudioPart>({
        ...optionsOf(part),
        type: 'audio',
        data: part.input_audio.data,
        mediaType: `audio/${part.input_audio.format}`,
      })
    case 'image':
      if (part.url === undefined && part.data === undefined)
        throwInvalidRequest(path, 'must have url or data')
      needMediaType(part, path, 'image/png')
      return canonical(part)
    case 'audio':
      return canonical(part)
    case 'file':
      return readFile(part, place)
    default:
      return { ...part }
  }
}

function optionsOf({ providerOptions }: Extensible): Extensible | undefined {
  return providerOptions && { providerOptions }
}

function readFile(part: FilePart | OpenAIFilePart, { path, lost }: Place): FilePart {
  if ('file' in part) {
    const { file_data: url, file_id: fileId, filename, ...others } = part.file
    findLost(others, {}, `${path}.file`, lost)
    const read = { url: url ? canonicalUrl(url) : undefined, fileId: fileId ?? undefined }
    return { type: 'file', ...read, filename: filename ?? undefined, ...optionsOf(part) }
  }
  const { url, data, fileId } = part
  if (url === undefined && data === undefined && fileId === undefined)
    throwInvalidRequest(path, 'must have url, data or fileId')
  needMediaType(part, path, 'application/pdf')
  return canonical(part)
}

interface Media {
  readonly url?: string | undefined
  readonly data?: string | Uint8Array | undefined
  readonly mediaType?: string | undefined
}

// Providers accept registered media types and plain base64 only.
function canonical<P extends Media>(part: P): P {
  const { url, data, mediaType } = part
  const fitted: { -readonly [Key in keyof Media]: Media[Key] } = {}
  if (url !== undefined) fitted.url = canonicalUrl(url)
  if (typeof data === 'string') fitted.data = canonicalBase64(data)
  if (mediaType !== undefined) fitted.mediaType = registeredType(mediaType)
  return { ...part, ...fitted }
}

function needMediaType(
  part: { data?: unknown; mediaType?: string | undefined },
  path: string,
  example: string,
): void {
  if (part.data === undefined || part.mediaType !== undefined) return
  throwInvalidRequest(`${path}.mediaType`, `is required with data, for example ${example}`)
}

function readAssistant(message: AssistantInput, path: string, lost: string[]): AssistantMessage {
  const { role, name, content } = message
  const parts: AssistantPart[] = []
  if (message.reasoning_content) parts.push({ type: 'reasoning', text: message.reasoning_content })
  if (typeof content === 'string') {
    if (content !== '') parts.push({ type: 'text', text: content })
  } else
    for (const [at, part] of (content ?? []).entries())
      parts.push(readAssistantPart(part, { path: `${path}.content.${at}`, lost }))
  if (parts.length === 0 && message.refusal) parts.push({ type: 'text', text: message.refusal })
  const known = new Set(parts.flatMap((part) => (part.type === 'tool-call' ? [part.id] : [])))
  parts.push(...callsOf(message).filter(({ id }) => !known.has(id)))
  const [only] = parts
  if (only === undefined) return { role, name, content: '' }
  const plain =
    parts.length === 1 &&
    only.type === 'text' &&
    only.signature === undefined &&
    only.providerOptions === undefined
  return { role, name, content: plain ? only.text : parts }
}

type AssistantInputPart = Exclude<AssistantInput['content'], string | null | undefined>[number]

function readAssistantPart(part: AssistantInputPart, place: Place): AssistantPart {
  if (part.type === 'refusal') return { type: 'text', text: part.refusal }
  return part.type === 'file' ? readFile(part, place) : { ...part }
}

// Tool calls beside the content, in our shape and in OpenAI's.
function callsOf({ toolCalls = [], tool_calls = [] }: AssistantInput): ToolCallPart[] {
  const own = toolCalls.map((call): ToolCallPart => ({ ...call, type: 'tool-call' }))
  const openai = tool_calls.map(({ id, function: { name, arguments: text } }): ToolCallPart => {
    const value: JsonValue | undefined = text.trim() === '' ? {} : parseJson(text)
    const read =
      value === undefined
        ? { arguments: text, invalid: 'the arguments are not valid JSON' }
        : { arguments: value }
    return { type: 'tool-call', id, name, ...read }
  })
  return [...own, ...openai]
}

function readToolResult(message: ToolInput, path: string): ToolMessage {
  const { role, name, content, isError } = message
  const toolCallId = message.toolCallId ?? message.tool_call_id
  if (toolCallId === undefined)
    throwInvalidRequest(`${path}.toolCallId`, 'is missing; must be the id of the tool call')
  return { role, toolCallId, name, isError, content: readResult(content) }
}

// A result that is neither text nor parts is sent as JSON text.
function readResult(content: ToolInput['content']): string | readonly ToolResultPart[] {
  if (typeof content === 'string') return content
  if (!isResultParts(content)) return JSON.stringify(content)
  return content.map((part) => (part.type === 'text' ? part : canonical(part)))
}

import { readCacheMark, type CacheMark } from './cache-mark.ts'
import { throwInvalidRequest } from './error.ts'
import type { Extensible } from './extensible.ts'
import { isObject } from './json.ts'
import { addLost, findLost } from './lost-fields.ts'
import { canonicalBase64, canonicalUrl, registeredType } from './media-type.ts'
import { partsOf, readArguments } from './message.ts'
import type {
  AssistantMessage,
  AssistantPart,
  AudioPart,
  FilePart,
  Message,
  SystemMessage,
  TextPart,
  ToolCallPart,
  ToolMessage,
  ToolResultPart,
  UserPart,
} from './message.ts'
import { findLostInParts, isResultParts } from './request-schema.ts'
import type { AssistantInput, MessageInput, OpenAIFilePart, ToolInput, UserInput } from './request.ts'

/**
 * Converts a caller's message to the one shape that dialects read: one message, or several if parts of instructions are
 * marked for the vendor's cache. Adds the paths of fields without a place to `lost`. Throws `invalid-request` with the path.
 */
export function normalizeMessage(
  message: MessageInput,
  path: string,
  lost: string[] = [],
): readonly Message[] {
  const { role, content, providerOptions } = message
  const normal =
    (role === 'system' || role === 'developer') && typeof content !== 'string'
      ? named(readInstructions(role, endMarked(content, message), { path, lost }), message.name)
      : [normalizeByRole(message, path, lost)]
  return providerOptions === undefined ? normal : normal.map((one) => ({ ...one, providerOptions }))
}

function named(messages: readonly Message[], name: string | undefined): readonly Message[] {
  return name === undefined ? messages : messages.map((one) => ({ ...one, name }))
}

/** Parts of which the last one has the mark of their message, if that has one. */
function endMarked<P extends object>(parts: readonly P[], message: object): readonly P[] {
  const mark = markOf(message)
  return mark === undefined
    ? parts
    : parts.map((part, at) => (at === parts.length - 1 ? { ...part, ...mark } : part))
}

/** Instructions up to each part with a mark of the vendor's cache, as one message each, which has the options of its last part. */
export function readInstructions(
  role: SystemMessage['role'],
  parts: readonly TextPart[],
  { path, lost }: { readonly path: string; readonly lost: string[] },
): readonly Message[] {
  const messages: SystemMessage[] = []
  let texts: string[] = []
  for (const [at, part] of parts.entries()) {
    texts.push(part.text)
    const { providerOptions } = part
    const cache = readCacheMark(part)
    if (cache === undefined && at < parts.length - 1) {
      if (providerOptions !== undefined) addLost(lost, `${path}.content.${at}.providerOptions`)
      continue
    }
    messages.push({
      role,
      content: texts.join('\n'),
      ...(cache === undefined ? undefined : { cache }),
      ...(providerOptions && { providerOptions }),
    })
    texts = []
  }
  return messages
}

function normalizeByRole(message: MessageInput, path: string, lost: string[]): Message {
  switch (message.role) {
    case 'system':
    case 'developer': {
      const { role, content, name } = message
      return { role, content: content as string, ...(name !== undefined && { name }), ...markOf(message) }
    }
    case 'user': {
      const { role, content, name } = message
      if (typeof content === 'string') {
        const isMarked = markOf(message) !== undefined
        return { role, name, content: isMarked ? endMarked(partsOf(content), message) : content }
      }
      const read = (part: UserInputPart, at: number): UserPart =>
        readUserPart(part, { path: `${path}.content.${at}`, lost })
      return { role, name, content: endMarked(content.map(read), message) }
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
    case 'text':
      return marked(part)
    case 'image_url': {
      const { url, detail } = part.image_url
      const known = detail === 'low' || detail === 'high' || detail === 'auto' ? detail : undefined
      if (known === undefined && detail) addLost(lost, `${path}.image_url.detail`)
      return { type: 'image', url: canonicalUrl(url), detail: known, ...markOf(part), ...optionsOf(part) }
    }
    case 'input_audio':
      return canonical<AudioPart>({
        ...optionsOf(part),
        type: 'audio',
        data: part.input_audio.data,
        mediaType: `audio/${part.input_audio.format}`,
        ...markOf(part),
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
    return { type: 'file', ...read, filename: filename ?? undefined, ...markOf(part), ...optionsOf(part) }
  }
  const { url, data, fileId } = part
  if (url === undefined && data === undefined && fileId === undefined)
    throwInvalidRequest(path, 'must have url, data or fileId')
  needMediaType(part, path, 'application/pdf')
  // Two vendors write the flag in an object.
  const citations: unknown = part.citations
  return canonical(isObject(citations) ? { ...part, citations: citations['enabled'] === true } : part)
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
  return { ...marked(part), ...fitted }
}

// A mark of the vendor's cache in its one form, without the name that it has in another format.
function marked<P extends object>(part: P): P {
  const {
    cache: _cache,
    cache_control: _control,
    ...rest
  } = part as P & { cache?: unknown; cache_control?: unknown }
  return { ...rest, ...markOf(part) } as unknown as P
}

function markOf(part: object): { readonly cache?: CacheMark } | undefined {
  const cache = readCacheMark(part)
  return cache === undefined ? undefined : { cache }
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
    markOf(message) === undefined &&
    parts.length === 1 &&
    only.type === 'text' &&
    (only.signature ?? only.phase ?? only.id ?? only.cache ?? only.providerOptions) === undefined
  return { role, name, content: plain ? only.text : endMarked(parts, message) }
}

type AssistantInputPart = Exclude<AssistantInput['content'], string | null | undefined>[number]

function readAssistantPart(part: AssistantInputPart, place: Place): AssistantPart {
  if (part.type === 'refusal') return { type: 'text', text: part.refusal }
  return part.type === 'file' ? readFile(part, place) : marked(part)
}

// Tool calls beside the content, in our shape and in OpenAI's.
function callsOf({ toolCalls = [], tool_calls = [] }: AssistantInput): ToolCallPart[] {
  const own = toolCalls.map((call): ToolCallPart => ({ ...call, type: 'tool-call' }))
  const openai = tool_calls.map(({ id, function: { name, arguments: text } }): ToolCallPart => {
    return { type: 'tool-call', id, name, ...readArguments(text) }
  })
  return [...own, ...openai]
}

function readToolResult(message: ToolInput, path: string): ToolMessage {
  const { role, name, content, isError } = message
  const toolCallId = message.toolCallId ?? message.tool_call_id
  if (toolCallId === undefined)
    throwInvalidRequest(`${path}.toolCallId`, 'is missing; must be the id of the tool call')
  return { role, toolCallId, name, isError, content: readResult(content), ...markOf(message) }
}

// A result that is neither text nor parts is sent as JSON text.
function readResult(content: ToolInput['content']): string | readonly ToolResultPart[] {
  if (typeof content === 'string') return content
  if (!isResultParts(content)) return JSON.stringify(content)
  return content.map((part) => (part.type === 'text' ? marked(part) : canonical(part)))
}

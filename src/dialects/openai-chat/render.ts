import type { RenderInput } from '../../core/dialect.ts'
import { withFields, withFieldsInLast } from '../../core/fit/wire-fields.ts'
import type { JsonDraft, JsonObject, JsonValue } from '../../core/json.ts'
import type { Extensible } from '../../core/extensible.ts'
import {
  argumentsText,
  base64Of,
  markOfResult,
  partsOf,
  plainText,
  urlOf,
  type AssistantMessage,
  type AssistantPart,
  type FilePart,
  type Message,
  type TextPart,
  type ToolMessage,
  type UserMessage,
  type UserPart,
} from '../../core/message.ts'
import { audioFormat } from '../media.ts'
import { withCacheMark } from '../prompt-cache.ts'
import { resolveConflicts } from './conflicts.ts'
import type { OpenAIChatQuirks } from './quirks.ts'
import { googleMark, noteLost, renderMark, renderThoughts, type ThoughtContext } from './thoughts.ts'

/** Writes model, messages and mode. */
export function render(input: RenderInput, body: JsonDraft): void {
  const quirks: OpenAIChatQuirks = input.quirks
  const { messages } = input
  noteLost(input, quirks)
  body['model'] = input.model
  const rendered: JsonObject[] = []
  for (const message of messages)
    rendered.push(...withFieldsInLast(renderMessage(message, { quirks, input }), message))
  const ordered = resultsTogether(rendered)
  if (messages.at(-1)?.role === 'assistant') {
    if (quirks.prefillField !== undefined) ordered.push({ ...ordered.pop(), [quirks.prefillField]: true })
    Object.assign(body, quirks.prefillBody)
  }
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

function renderMessage(message: Message, { quirks, input }: ThoughtContext): JsonObject[] {
  switch (message.role) {
    case 'system':
    case 'developer': {
      const content = markedText(message.content, message.cache, quirks)
      return [{ role: quirks.systemRole ?? 'system', content, name: message.name }]
    }
    case 'user':
      return [renderUser(message, quirks, input)]
    case 'assistant':
      return [renderAssistant(message, { quirks, input })]
    case 'tool':
      return renderToolResult(message, quirks)
  }
}

function renderUser(
  { content, name }: UserMessage,
  quirks: OpenAIChatQuirks,
  input: RenderInput,
): JsonObject {
  if (typeof content === 'string') return { role: 'user', content, name }
  const { cacheBreakpoints } = quirks
  const marked = content.flatMap((part) =>
    withFieldsInLast(
      withCacheMark([renderPart(part, input)], (part as TextPart).cache, cacheBreakpoints),
      part,
    ),
  )
  return { role: 'user', content: marked, name }
}

function markOfTexts(parts: readonly { readonly type: string }[]): unknown {
  const texts = parts.filter((part) => part.type === 'text') as TextPart[]
  return texts.findLast(({ cache }) => cache !== undefined)?.cache
}

// A text with a mark is a list of one part, because only parts can be marked.
function markedText(text: string, cache: unknown, { cacheBreakpoints }: OpenAIChatQuirks): JsonValue {
  return cache === undefined ? text : withCacheMark([{ type: 'text', text }], cache, cacheBreakpoints)
}

function renderPart(part: UserPart, input: RenderInput): JsonObject {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text }
    case 'image':
      return { type: 'image_url', image_url: { url: urlOf(part), detail: part.detail } }
    case 'audio':
      if (input.quirks['documentParts'] === true)
        return { type: 'input_audio', input_audio: base64Of(part.data) }
      return {
        type: 'input_audio',
        input_audio: { data: base64Of(part.data), format: audioFormat(part.mediaType) },
      }
    case 'file': {
      const { fileUrls, documentParts }: OpenAIChatQuirks = input.quirks
      if (documentParts === true) return renderDocument(part)
      if (part.fileId !== undefined) return { type: 'file', file: { file_id: part.fileId } }
      if (part.url !== undefined && !part.url.startsWith('data:') && fileUrls !== true) {
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

function renderDocument(part: FilePart): JsonObject {
  if (part.fileId !== undefined) return { type: 'file', file_id: part.fileId }
  return { type: 'document_url', document_url: urlOf(part), document_name: part.filename }
}

function renderAssistant({ content, name }: AssistantMessage, context: ThoughtContext): JsonObject {
  const parts = partsOf(content)
  const calls = parts.flatMap((part) => (part.type === 'tool-call' ? [part] : []))
  const text = plainText(parts)
  return {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : textContent(parts, text, context.quirks),
    name,
    ...renderThoughts(parts, text, context),
    ...renderTextMark(parts, context.quirks),
    ...(calls.length === 0
      ? undefined
      : {
          tool_calls: calls.map((call, at) =>
            withFields(
              {
                id: call.id,
                type: 'function',
                function: { name: call.name, arguments: argumentsText(call) },
                ...renderMark(call, at === 0, context.quirks),
              },
              call,
            ),
          ),
        }),
  }
}

// A string, unless a part has fields of its own or a mark.
function textContent(
  parts: readonly (Extensible & { readonly type: string })[],
  text: string,
  quirks: OpenAIChatQuirks,
  mark: unknown = markOfTexts(parts),
): JsonValue {
  const texts = parts.filter((part) => part.type === 'text') as TextPart[]
  if (texts.every(({ wire }) => wire === undefined)) return markedText(text, mark, quirks)
  const blocks = texts.map((part) => withFields({ type: 'text', text: part.text }, part))
  return withCacheMark(blocks, mark, quirks.cacheBreakpoints)
}

// Only models of the vendor that signs texts take signatures back.
function renderTextMark(
  parts: readonly AssistantPart[],
  { signedCalls }: OpenAIChatQuirks,
): JsonObject | undefined {
  const last = parts.findLast((part) => part.type === 'text' && part.signature !== undefined) as
    | TextPart
    | undefined
  return signedCalls === true && last?.signature !== undefined ? googleMark(last.signature) : undefined
}

// A tool message holds text only: images and files follow as a user message.
function renderToolResult(message: ToolMessage, quirks: OpenAIChatQuirks): JsonObject[] {
  const { toolCallId, content, isError } = message
  const text = plainText(content, '\n')
  const others = typeof content === 'string' ? [] : content.filter((part) => part.type !== 'text')
  const shown = isError === true && text !== '' ? `Error: ${text}` : text
  const result = {
    role: 'tool',
    tool_call_id: toolCallId,
    content: textContent(
      partsOf(content),
      shown === '' && others.length > 0 ? 'See the next message.' : shown,
      quirks,
      markOfResult(message),
    ),
  }
  if (others.length === 0) return [result]
  const parts = others.map((part) =>
    part.type === 'image'
      ? { type: 'image_url', image_url: { url: urlOf(part) } }
      : quirks.documentParts === true
        ? renderDocument(part)
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

import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import {
  argumentsObject,
  bytesOf,
  type FilePart,
  type ImagePart,
  type ToolCallPart,
  type UserPart,
} from '../../core/message.ts'
import { decodeText, isTextType } from '../media.ts'
import type { Note } from '../note.ts'

/** A text block; none without text. */
export function renderText(text: string): JsonObject[] {
  return text === '' ? [] : [{ type: 'text', text }]
}

/** One part of a user message or a tool result, as blocks. */
export function renderPart(part: UserPart, note: Note): JsonObject[] {
  switch (part.type) {
    case 'text':
      return renderText(part.text)
    case 'image':
      return renderImage(part)
    case 'file':
      return renderFile(part, note)
    case 'audio':
      note('audio was left out: the format has none')
      return []
  }
}

function renderImage(part: ImagePart): JsonObject[] {
  const bytes = bytesOf(part)
  if (bytes === undefined) return [{ type: 'image', source: { type: 'url', url: part.url } }]
  return [{ type: 'image', source: base64Source(bytes.mediaType, bytes.data) }]
}

function base64Source(mediaType: string, data: string): JsonObject {
  return { type: 'base64', media_type: mediaType, data }
}

function renderFile(part: FilePart, note: Note): JsonObject[] {
  const { fileId, filename, mediaType } = part
  const image = mediaType?.startsWith('image/') === true
  if (fileId !== undefined)
    return [
      image
        ? { type: 'image', source: { type: 'file', file_id: fileId } }
        : { type: 'document', source: { type: 'file', file_id: fileId }, title: filename, ...cited(part) },
    ]
  const bytes = bytesOf(part)
  if (bytes !== undefined) return renderBytes(bytes, part, note)
  if (image) return renderImage({ type: 'image', url: part.url })
  if (mediaType === undefined || mediaType === 'application/pdf')
    return [{ type: 'document', source: { type: 'url', url: part.url }, title: filename, ...cited(part) }]
  note(`a file of type ${mediaType} by URL was sent as a link: by URL the format accepts PDF and images only`)
  return renderText(part.url ?? '')
}

function cited({ citations }: FilePart): JsonObject | undefined {
  return citations === true ? { citations: { enabled: true } } : undefined
}

interface Bytes {
  readonly mediaType: string
  readonly data: string
}

function renderBytes({ mediaType, data }: Bytes, part: FilePart, note: Note): JsonObject[] {
  const { filename } = part
  if (mediaType.startsWith('image/')) return [{ type: 'image', source: base64Source(mediaType, data) }]
  if (mediaType === 'application/pdf' || data.startsWith(PDF_START))
    return [
      { type: 'document', source: base64Source('application/pdf', data), title: filename, ...cited(part) },
    ]
  if (isTextType(mediaType)) {
    const source = { type: 'text', media_type: 'text/plain', data: decodeText(data) }
    return [{ type: 'document', source, title: filename, ...cited(part) }]
  }
  note(
    `file ${filename ?? ''} of type ${mediaType} was left out: the format accepts PDF, text and images only`,
  )
  return []
}

/** `%PDF-` in base64. */
const PDF_START = 'JVBERi0'

/** An earlier tool call. Its input is always an object on this wire. */
export function renderCall(call: ToolCallPart): JsonObject {
  return { type: 'tool_use', id: call.id, name: call.name, input: argumentsObject(call) }
}

/** Blocks of the vendor's own tools, unchanged; none if `details` is not a list of typed objects. */
export function vendorBlocks(details: JsonValue | undefined): JsonObject[] {
  if (!Array.isArray(details)) return []
  return (details as readonly JsonValue[]).filter(
    (block): block is JsonObject => isObject(block) && typeof block['type'] === 'string',
  )
}

import { isObject, type JsonDraft, type JsonObject, type JsonValue } from '../../core/json.ts'
import {
  bytesOf,
  type FilePart,
  type ImagePart,
  type ToolCallPart,
  type UserPart,
} from '../../core/message.ts'

/** Told what could not go along. */
export type Note = (message: string) => void

/** A text block; none for text of white space alone, which the format refuses. */
export function renderText(text: string): JsonObject[] {
  return text.trim() === '' ? [] : [{ type: 'text', text }]
}

/** One part of a user turn, or of a tool's result, as blocks. */
export function renderPart(part: UserPart, note: Note): JsonObject[] {
  switch (part.type) {
    case 'text':
      return renderText(part.text)
    case 'image':
      return renderImage(part)
    case 'file':
      return renderFile(part, note)
    case 'audio':
      note('sound was left out: the format takes none')
      return []
  }
}

function renderImage(part: ImagePart): JsonObject[] {
  const bytes = bytesOf(part)
  if (bytes === undefined) return [{ type: 'image', source: { type: 'url', url: part.url } }]
  return [{ type: 'image', source: base64Source(imageType(bytes.mediaType), bytes.data) }]
}

function base64Source(mediaType: string, data: string): JsonObject {
  return { type: 'base64', media_type: mediaType, data }
}

function imageType(mediaType: string): string {
  return mediaType === 'image/jpg' ? 'image/jpeg' : mediaType
}

function renderFile(part: FilePart, note: Note): JsonObject[] {
  const { fileId, filename, mediaType } = part
  const image = mediaType?.startsWith('image/') === true
  if (fileId !== undefined)
    return [
      image
        ? { type: 'image', source: { type: 'file', file_id: fileId } }
        : { type: 'document', source: { type: 'file', file_id: fileId }, title: filename },
    ]
  const bytes = bytesOf(part)
  if (bytes !== undefined) return renderBytes(bytes, part, note)
  if (image) return renderImage({ type: 'image', url: part.url })
  if (mediaType === undefined || mediaType === 'application/pdf')
    return [{ type: 'document', source: { type: 'url', url: part.url }, title: filename }]
  note(`a file of type ${mediaType} by URL was sent as its link: by URL the format takes PDF and images`)
  return renderText(part.url ?? '')
}

interface Bytes {
  readonly mediaType: string
  readonly data: string
}

function renderBytes({ mediaType, data }: Bytes, { filename }: FilePart, note: Note): JsonObject[] {
  if (mediaType.startsWith('image/'))
    return [{ type: 'image', source: base64Source(imageType(mediaType), data) }]
  if (mediaType === 'application/pdf' || data.startsWith(PDF_START))
    return [{ type: 'document', source: base64Source('application/pdf', data), title: filename }]
  if (/^text\/|^application\/(json|xml|yaml|x-yaml)$|\+(json|xml)$/.test(mediaType)) {
    const source = { type: 'text', media_type: 'text/plain', data: decodeText(data) }
    return [{ type: 'document', source, title: filename }]
  }
  note(`file ${filename ?? ''} of type ${mediaType} was left out: the format takes PDF, text and images`)
  return []
}

/** `%PDF-` in base64. */
const PDF_START = 'JVBERi0'

function decodeText(base64: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)))
}

/** A call of an earlier turn. Its input is always an object on this wire. */
export function renderCall({ id, name, arguments: args }: ToolCallPart): JsonObject {
  const input: JsonDraft = isObject(args) ? args : args === null ? {} : { arguments: args }
  return { type: 'tool_use', id, name: name.replace(/[^A-Za-z0-9_-]/g, '_'), input }
}

/** Blocks that the format's own server made, as they came: only lists of typed objects are any. */
export function vendorBlocks(details: JsonValue | undefined): JsonObject[] {
  if (!Array.isArray(details)) return []
  return (details as readonly JsonValue[]).filter(
    (block): block is JsonObject => isObject(block) && typeof block['type'] === 'string',
  )
}

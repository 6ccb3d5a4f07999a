import { withFieldsInLast } from '../../core/fit/wire-fields.ts'
import { isObject, parseJson, type JsonObject, rowOf } from '../../core/json.ts'
import {
  argumentsObject,
  bytesOf,
  partsOf,
  plainText,
  type FilePart,
  type ImagePart,
  type ToolCallPart,
  type ToolMessage,
  type UserPart,
} from '../../core/message.ts'
import { isTextType } from '../media.ts'
import type { Note } from '../note.ts'
import type { BedrockConverseQuirks } from './quirks.ts'

/** What the parts of one request share. `documents`: the names in use, which must be unique. */
export interface PartContext {
  readonly note: Note
  readonly documents: Set<string>
  readonly quirks: BedrockConverseQuirks
}

// Format names on the wire, by media type.
const IMAGES: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpeg',
  'image/png': 'png',
  'image/gif': 'gif',
  'image/webp': 'webp',
}
const DOCUMENTS: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'text/csv': 'csv',
  'application/msword': 'doc',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'text/html': 'html',
  'text/markdown': 'md',
}
const VIDEOS: Readonly<Record<string, string>> = {
  'video/x-matroska': 'mkv',
  'video/quicktime': 'mov',
  'video/mp4': 'mp4',
  'video/webm': 'webm',
  'video/x-flv': 'flv',
  'video/mpeg': 'mpeg',
  'video/x-ms-wmv': 'wmv',
  'video/3gpp': 'three_gp',
}
const SOUNDS: Readonly<Record<string, string>> = {
  'audio/mpeg': 'mp3',
  'audio/wav': 'wav',
  'audio/flac': 'flac',
  'audio/ogg': 'ogg',
  'audio/opus': 'opus',
  'audio/aac': 'aac',
  'audio/mp4': 'mp4',
  'audio/webm': 'webm',
}

/** A text block; none without text. */
export function renderText(text: string): JsonObject[] {
  return text === '' ? [] : [{ text }]
}

/** One part of a user message or a tool result, as blocks. */
export function renderPart(part: UserPart, context: PartContext): JsonObject[] {
  switch (part.type) {
    case 'text':
      return renderText(part.text)
    case 'image':
      return renderMedia(part, 'image', context)
    case 'file':
      return renderFile(part, context)
    case 'audio': {
      const format = rowOf(SOUNDS, part.mediaType)
      if (format === undefined) return leaveOut(`audio of type ${part.mediaType}`, context)
      return [{ audio: { format, source: { bytes: bytesOf(part)?.data } } }]
    }
  }
}

function leaveOut(what: string, { note }: PartContext): [] {
  note(`${what} was left out: the format does not accept it`)
  return []
}

type MediaKind = 'image' | 'video'

function renderMedia(part: ImagePart | FilePart, kind: MediaKind, context: PartContext): JsonObject[] {
  const formats = kind === 'image' ? IMAGES : VIDEOS
  const bytes = bytesOf(part)
  const mediaType = bytes?.mediaType ?? part.mediaType ?? typeByName(part.url, formats)
  const source = bytes === undefined ? placeOf(part.url) : { bytes: bytes.data }
  if (source === undefined) return renderLink(kind, part.url, context)
  const format = formats[mediaType ?? '']
  if (format === undefined) return leaveOut(`${kind} of type ${mediaType ?? 'unknown'}`, context)
  return [{ [kind]: { format, source } }]
}

function renderFile(part: FilePart, context: PartContext): JsonObject[] {
  if (part.fileId !== undefined) return leaveOut('a file by its id', context)
  const bytes = bytesOf(part)
  const mediaType = bytes?.mediaType ?? part.mediaType ?? ''
  if (mediaType.startsWith('image/')) return renderMedia(part, 'image', context)
  if (mediaType.startsWith('video/')) return renderMedia(part, 'video', context)
  const source = bytes === undefined ? placeOf(part.url) : { bytes: bytes.data }
  if (source === undefined) return renderLink('file', part.url, context)
  const format = documentFormat(mediaType, part.filename ?? part.url)
  if (format === undefined) return leaveOut(`file ${part.filename ?? ''} of type ${mediaType}`, context)
  const cited = part.citations === true ? { citations: { enabled: true } } : undefined
  const name = documentName(part.filename, context.documents)
  return [{ document: { format, name, source, ...cited } }]
}

// The server fetches objects of the vendor's own store only.
function placeOf(url: string | undefined): JsonObject | undefined {
  return url?.startsWith('s3://') === true ? { s3Location: { uri: url } } : undefined
}

function renderLink(kind: string, url: string | undefined, { note }: PartContext): JsonObject[] {
  note(`${kind} by URL was sent as a link: the format accepts bytes or an s3:// URL`)
  return renderText(url ?? '')
}

function typeByName(name: string | undefined, formats: Readonly<Record<string, string>>): string | undefined {
  const end = /\.(\w+)$/
    .exec(name ?? '')?.[1]
    ?.toLowerCase()
    .replace(/^jpg$/, 'jpeg')
  return Object.keys(formats).find((mediaType) => formats[mediaType] === end)
}

function documentFormat(mediaType: string, name: string | undefined): string | undefined {
  const known = rowOf(DOCUMENTS, mediaType) ?? rowOf(DOCUMENTS, typeByName(name, DOCUMENTS) ?? '')
  return known ?? (isTextType(mediaType) ? 'txt' : undefined)
}

/** A document name in the format's alphabet. Unique, because the format refuses two of the same name. */
function documentName(filename: string | undefined, taken: Set<string>): string {
  const plain = (filename ?? '')
    .replace(/\.\w+$/, '')
    .replace(/[^A-Za-z0-9\s()[\]-]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 180)
  const base = plain === '' ? 'document' : plain
  let name = base
  for (let count = 2; taken.has(name); count++) name = `${base} (${count})`
  taken.add(name)
  return name
}

/** An earlier tool call. Its input is always an object on this wire. */
export function renderCall(call: ToolCallPart): JsonObject {
  return { toolUse: { toolUseId: call.id, name: call.name, input: argumentsObject(call) } }
}

/** The result of a call. Never empty, because the format refuses that. */
export function renderToolResult(message: ToolMessage, context: PartContext): JsonObject {
  const { toolCallId, content, isError } = message
  const { toolResultsAsJson, toolResultStatus }: BedrockConverseQuirks = context.quirks
  const failed = isError === true
  const asText = failed && toolResultStatus === false
  const blocks =
    toolResultsAsJson === true
      ? [{ json: jsonOf(plainText(content, '\n')) }, ...mediaOf(content, context)]
      : partsOf(content).flatMap((part) => withFieldsInLast(renderPart(part, context), part))
  const lead = asText ? [{ text: 'Error:' }] : []
  const empty = failed ? 'The tool failed.' : 'The tool gave no output.'
  return {
    toolResult: {
      toolUseId: toolCallId,
      content: blocks.length === 0 ? [...lead, { text: empty }] : [...lead, ...blocks],
      status: failed && !asText ? 'error' : undefined,
    },
  }
}

function jsonOf(text: string): JsonObject {
  const value = parseJson(text)
  return isObject(value) ? value : { result: value ?? text }
}

function mediaOf(content: ToolMessage['content'], context: PartContext): JsonObject[] {
  return partsOf(content).flatMap((part) => (part.type === 'text' ? [] : renderPart(part, context)))
}

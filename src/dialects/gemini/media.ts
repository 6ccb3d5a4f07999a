import { rowOf } from '../../core/json.ts'
import type { JsonDraft } from '../../core/json.ts'
import { bytesOf, type AudioPart, type FilePart, type ImagePart } from '../../core/message.ts'
import type { GeminiQuirks } from './quirks.ts'

type MediaPart = ImagePart | FilePart | AudioPart

const BY_EXTENSION: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  heif: 'image/heif',
  pdf: 'application/pdf',
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  html: 'text/html',
  mp3: 'audio/mp3',
  wav: 'audio/wav',
  ogg: 'audio/ogg',
  flac: 'audio/flac',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  webm: 'video/webm',
}

/** An image, document, audio or video as a part: its bytes, or a URI (http, gs, or of an uploaded file). */
export function renderMedia(part: MediaPart, { fileBase = '' }: GeminiQuirks): JsonDraft {
  const bytes = bytesOf(part)
  if (bytes !== undefined) return { inlineData: { mimeType: wireType(bytes.mediaType), data: bytes.data } }
  const { url, fileId } = part as FilePart
  if (fileId !== undefined) {
    const fileUri = fileId.includes('://') ? fileId : fileBase + fileId
    return { fileData: { mimeType: part.mediaType, fileUri } }
  }
  return { fileData: { mimeType: part.mediaType ?? guessType(part.type, url), fileUri: url } }
}

// The reference lists MP3 under this name only.
function wireType(mediaType: string): string {
  return mediaType === 'audio/mpeg' ? 'audio/mp3' : mediaType
}

// Some services require the type with every URI.
function guessType(kind: MediaPart['type'], url: string | undefined): string | undefined {
  const extension = /\.([a-z0-9]+)(?:[?#]|$)/i.exec(url ?? '')?.[1]?.toLowerCase() ?? ''
  return rowOf(BY_EXTENSION, extension) ?? (kind === 'image' ? 'image/jpeg' : undefined)
}

import { hasControls } from '../../core/validate-id.ts'
import { isObject } from '../../core/json.ts'
import { base64Of, readDataUrl, type UserPart } from '../../core/message.ts'
import type { Attachment, NewAttachment } from '../storage/index.ts'
import type { AttachmentLimits } from './options.ts'
import { type AttachmentInput, refuse } from './requests.ts'

const DEFAULT_BYTES = 10 * 1024 * 1024
const DEFAULT_COUNT = 10
const DEFAULT_TYPES: readonly string[] = [
  'image/png',
  'image/jpeg',
  'image/webp',
  'image/gif',
  'audio/*',
  'text/*',
  'application/pdf',
  'application/json',
]
const MOST_NAME = 255

/** Throws `invalid-request` if a message has more attachments than allowed. */
export function checkAttachmentCount(count: number, limits: AttachmentLimits = {}): void {
  const most = limits.maxPerMessage ?? DEFAULT_COUNT
  if (count > most) refuse('attachments', `are ${count}; a message takes at most ${most}`)
}

/** The attachment to store. Throws `invalid-request` if its name, media type, size or URL is invalid. */
export function readAttachment(
  input: AttachmentInput,
  userId: string,
  limits: AttachmentLimits = {},
  path = 'attachment',
): NewAttachment {
  if (!isObject(input)) refuse(path, 'takes { name, mediaType, and one of url, text and data }')
  const { name, url, text, metadata } = input
  const mediaType = input.mediaType?.toLowerCase()
  checkName(name, `${path}.name`)
  if (typeof mediaType !== 'string' || !/^[a-z0-9.+-]+\/[a-z0-9.+-]+$/.test(mediaType))
    refuse(`${path}.mediaType`, 'takes a media type such as image/png')
  const types = limits.types ?? DEFAULT_TYPES
  if (!types.some((type) => fits(mediaType, type)))
    refuse(`${path}.mediaType`, `"${mediaType}" is not accepted; accepted: ${types.join(', ')}`)
  const given = [url, text, input.data].filter((source) => source !== undefined)
  if (given.length !== 1) refuse(path, 'takes exactly one of url, text and data')
  const inline = readDataUrl(url)
  if (inline !== undefined && inline.mediaType.toLowerCase() !== mediaType)
    refuse(`${path}.url`, `contains ${inline.mediaType}, but mediaType is ${mediaType}`)
  if (url !== undefined && inline === undefined) checkUrl(url, `${path}.url`)
  const data = inline?.data ?? (input.data === undefined ? undefined : base64Of(input.data))
  if (data !== undefined && !/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(data))
    refuse(`${path}.data`, 'is not base64 text')
  const sizeBytes = sizeOf(data, text) ?? input.sizeBytes ?? 0
  const most = limits.maxBytes ?? DEFAULT_BYTES
  if (!(Number.isSafeInteger(sizeBytes) && sizeBytes >= 0))
    refuse(`${path}.sizeBytes`, `is ${sizeBytes}; takes a whole number from 0`)
  if (sizeBytes > most) refuse(path, `has ${sizeBytes} bytes; at most ${most} are accepted`)
  const source = inline === undefined ? { url, text, data } : { data }
  return { userId, name, mediaType, sizeBytes, ...source, metadata }
}

/** The message part that sends an attachment to a model. */
export function attachmentPart(
  attachment: Pick<Attachment, 'name' | 'mediaType' | 'url' | 'text' | 'data'>,
): UserPart {
  const { name, mediaType, url, text, data } = attachment
  if (text !== undefined)
    return { type: 'text', text: `<file name=${JSON.stringify(name)}>\n${text}\n</file>` }
  if (mediaType.startsWith('image/'))
    return url === undefined ? { type: 'image', data, mediaType } : { type: 'image', url }
  if (mediaType.startsWith('audio/') && data !== undefined) return { type: 'audio', data, mediaType }
  return url === undefined
    ? { type: 'file', data, mediaType, filename: name }
    : { type: 'file', url, mediaType, filename: name }
}

function checkName(name: unknown, path: string): void {
  const valid =
    typeof name === 'string' &&
    name.trim() !== '' &&
    name.isWellFormed() &&
    !hasControls(name) &&
    !/[/\\]/.test(name)
  if (!valid || name.length > MOST_NAME)
    refuse(path, `takes a file name of 1 to ${MOST_NAME} characters, without a path`)
}

// Other schemes could run code in the page that shows the conversation, or read local files.
function checkUrl(url: string, path: string): void {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    refuse(path, 'takes an http, https or data URL')
}

function fits(mediaType: string, pattern: string): boolean {
  return pattern.endsWith('/*') ? mediaType.startsWith(pattern.slice(0, -1)) : mediaType === pattern
}

function sizeOf(data: string | undefined, text: string | undefined): number | undefined {
  if (text !== undefined) return new TextEncoder().encode(text).length
  if (data === undefined) return undefined
  const digits = data.replaceAll(/[\s=]/g, '').length
  return Math.floor((digits * 3) / 4)
}

import type { JsonValue } from './json.ts'

/** Plain text. `signature` is a vendor's opaque mark on the part: kept, and sent back to the vendor that made it. */
export interface TextPart {
  readonly type: 'text'
  readonly text: string
  readonly signature?: string | undefined
}

/** An image by URL (http, https or data) or as bytes (base64 text or a byte array) with its media type. */
export interface ImagePart {
  readonly type: 'image'
  readonly url?: string | undefined
  readonly data?: string | Uint8Array | undefined
  /** For example `image/png`. Needed with `data`. */
  readonly mediaType?: string | undefined
  /** How closely to look, where the vendor has the setting. */
  readonly detail?: 'low' | 'high' | 'auto' | undefined
}

/** A document such as a PDF: by URL, as bytes, or by the id of a file that the vendor already holds. */
export interface FilePart {
  readonly type: 'file'
  readonly url?: string | undefined
  readonly data?: string | Uint8Array | undefined
  readonly fileId?: string | undefined
  /** For example `application/pdf`. Needed with `data`. */
  readonly mediaType?: string | undefined
  readonly filename?: string | undefined
  /** The vendor's opaque mark on a file that its model made. */
  readonly signature?: string | undefined
}

/** Sound as bytes. */
export interface AudioPart {
  readonly type: 'audio'
  readonly data: string | Uint8Array
  /** For example `audio/wav` or `audio/mpeg`. */
  readonly mediaType: string
}

/** What a model thought before it answered. The fields besides `text` are the vendor's own and go back unchanged. */
export interface ReasoningPart {
  readonly type: 'reasoning'
  readonly text: string
  /** The vendor's proof that the text is its own (Anthropic, Bedrock, Gemini). */
  readonly signature?: string | undefined
  /** Thinking that the vendor shows only in encrypted form. */
  readonly encrypted?: string | undefined
  /** The vendor's id of the thought (OpenAI Responses). */
  readonly id?: string | undefined
  /** The vendor's own list of thinking details (OpenRouter). */
  readonly details?: JsonValue | undefined
  /** Who made the part, `vendor/dialect`: only it can take `signature`, `encrypted`, `id` and `details` back. */
  readonly origin?: string | undefined
}

/** A call of a tool that the model asks the caller to make. */
export interface ToolCall {
  readonly id: string
  readonly name: string
  /** The parsed arguments; the raw text where `invalid` says why they could not be parsed. */
  readonly arguments: JsonValue
  readonly invalid?: string | undefined
  readonly signature?: string | undefined
}

/** A tool call inside an assistant turn. */
export interface ToolCallPart extends ToolCall {
  readonly type: 'tool-call'
}

export type UserPart = TextPart | ImagePart | FilePart | AudioPart
export type AssistantPart = TextPart | ReasoningPart | ToolCallPart | FilePart
export type ToolResultPart = TextPart | ImagePart | FilePart

/** Instructions. `developer` is OpenAI's newer word for the same. */
export interface SystemMessage {
  readonly role: 'system' | 'developer'
  readonly content: string
}
export interface UserMessage {
  readonly role: 'user'
  readonly content: string | readonly UserPart[]
  readonly name?: string | undefined
}
export interface AssistantMessage {
  readonly role: 'assistant'
  readonly content: string | readonly AssistantPart[]
  readonly name?: string | undefined
}
/** The result of one tool call. */
export interface ToolMessage {
  readonly role: 'tool'
  readonly toolCallId: string
  /** The tool's name; found from the call with that id when left out. */
  readonly name?: string | undefined
  readonly content: string | readonly ToolResultPart[]
  readonly isError?: boolean | undefined
}

/** A call's arguments as JSON text; what could not be parsed goes back as it came. */
export function argumentsText(call: ToolCall): string {
  return typeof call.arguments === 'string' && call.invalid !== undefined
    ? call.arguments
    : JSON.stringify(call.arguments)
}

/** One turn of a conversation, as the dialects see it. */
export type Message = SystemMessage | UserMessage | AssistantMessage | ToolMessage

/** A turn's parts: a plain string is one text part, an empty one none. */
export function partsOf<P extends { readonly type: string }>(
  content: string | readonly P[],
): readonly (P | TextPart)[] {
  if (typeof content !== 'string') return content
  return content === '' ? [] : [{ type: 'text', text: content }]
}

/** The text parts of a turn, joined. */
export function plainText(content: string | readonly { readonly type: string }[], joiner = ''): string {
  if (typeof content === 'string') return content
  const texts: string[] = []
  for (const part of content) if (part.type === 'text') texts.push((part as TextPart).text)
  return texts.join(joiner)
}

/** Bytes as base64; text is taken to be base64 already. */
export function base64Of(data: string | Uint8Array): string {
  if (typeof data === 'string') return data
  let binary = ''
  for (let at = 0; at < data.length; at += 0x8000)
    binary += String.fromCharCode(...data.subarray(at, at + 0x8000))
  return btoa(binary)
}

/** A part's bytes as a data URL, or its own URL. */
export function urlOf(part: {
  readonly url?: string | undefined
  readonly data?: string | Uint8Array | undefined
  readonly mediaType?: string | undefined
}): string {
  if (part.url !== undefined) return part.url
  return `data:${part.mediaType ?? 'application/octet-stream'};base64,${base64Of(part.data ?? '')}`
}

/** A data URL taken apart; `undefined` for any other URL. */
export function readDataUrl(url: string | undefined): { mediaType: string; data: string } | undefined {
  const match = /^data:([^;,]*)((?:;[^;,]*)*),(.*)$/s.exec(url ?? '')
  if (!match) return undefined
  const [, mediaType = '', flags = '', body = ''] = match
  const data = flags.includes(';base64') ? body : base64Of(percentDecoded(body))
  return { mediaType: mediaType === '' ? 'text/plain' : mediaType, data }
}

// Byte by byte, as URLs are: what is no escape stays as it is, and the bytes need not be UTF-8.
function percentDecoded(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text)
  let size = 0
  for (let at = 0; at < bytes.length; at++, size++) {
    const escape = bytes[at] === PERCENT ? String.fromCharCode(...bytes.subarray(at + 1, at + 3)) : ''
    const isEscape = /^[0-9a-f]{2}$/i.test(escape)
    bytes[size] = isEscape ? Number.parseInt(escape, 16) : (bytes[at] as number)
    if (isEscape) at += 2
  }
  return bytes.subarray(0, size)
}
const PERCENT = 0x25

/** Bytes of a part, wherever they are: in `data` or in a data URL. `undefined` when only a remote URL is known. */
export function bytesOf(part: {
  readonly url?: string | undefined
  readonly data?: string | Uint8Array | undefined
  readonly mediaType?: string | undefined
}): { mediaType: string; data: string } | undefined {
  if (part.data === undefined) return readDataUrl(part.url)
  return { mediaType: part.mediaType ?? 'application/octet-stream', data: base64Of(part.data) }
}

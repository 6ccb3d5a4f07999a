import { canonicalJson } from './canonical-json.ts'
import type { CacheMark } from './cache-mark.ts'
import { wellFormedJson } from './fit/well-formed.ts'
import type { Extensible } from './extensible.ts'
import { isTooDeep } from './json-bounds.ts'
import {
  isObject,
  losesDigits,
  parseExact,
  parseJson,
  type JsonDraft,
  type JsonObject,
  type JsonValue,
} from './json.ts'

/** Plain text. `signature` is a vendor's opaque mark, which is stored and sent back to that vendor. */
export interface TextPart extends Extensible {
  readonly type: 'text'
  readonly text: string
  /** Marks the end of a prefix that the vendor shall cache. */
  readonly cache?: boolean | CacheMark | undefined
  readonly signature?: string | undefined
  /** The vendor's phase of the message that holds the text, such as `commentary` (OpenAI Responses). Sent back. */
  readonly phase?: string | undefined
  /** The vendor's id of that message, if the response has several. Keeps their texts apart. */
  readonly id?: string | undefined
}

/** An image by URL (http, https or data) or as bytes (base64 text or a byte array) with its media type. */
export interface ImagePart extends Extensible {
  readonly type: 'image'
  readonly url?: string | undefined
  readonly data?: string | Uint8Array | undefined
  /** Required with `data`, for example `image/png`. */
  readonly mediaType?: string | undefined
  readonly cache?: boolean | CacheMark | undefined
  /** Resolution at which the model reads the image, if the vendor has the setting. */
  readonly detail?: 'low' | 'high' | 'auto' | undefined
}

/** A document such as a PDF: by URL, as bytes, or by the id of a file that the vendor stores. */
export interface FilePart extends Extensible {
  readonly type: 'file'
  readonly url?: string | undefined
  readonly data?: string | Uint8Array | undefined
  readonly fileId?: string | undefined
  /** Required with `data`, for example `application/pdf`. */
  readonly mediaType?: string | undefined
  readonly filename?: string | undefined
  readonly cache?: boolean | CacheMark | undefined
  /** Whether the answer shall cite the document. Default false. */
  readonly citations?: boolean | undefined
  /** The vendor's opaque mark on a file that its model generated. */
  readonly signature?: string | undefined
}

/** Audio as bytes. */
export interface AudioPart extends Extensible {
  readonly type: 'audio'
  readonly data: string | Uint8Array
  /** For example `audio/wav` or `audio/mpeg`. */
  readonly mediaType: string
  readonly cache?: boolean | CacheMark | undefined
}

/** Reasoning of a model. The fields besides `text` are vendor fields, which are sent back unchanged. */
export interface ReasoningPart extends Extensible {
  readonly type: 'reasoning'
  readonly text: string
  /** The vendor's signature of the text (Anthropic, Bedrock, Gemini). */
  readonly signature?: string | undefined
  /** Reasoning that the vendor returns in encrypted form only. */
  readonly encrypted?: string | undefined
  /** The vendor's id of the part (OpenAI Responses). */
  readonly id?: string | undefined
  /** The vendor's list of reasoning details (OpenRouter). */
  readonly details?: JsonValue | undefined
  /** Who made the part, `vendor/dialect`: only it can take `signature`, `encrypted`, `id` and `details` back. */
  readonly origin?: string | undefined
}

/** A call of a tool that the model asks the caller to make. */
export interface ToolCall<Name extends string = string, Arguments = JsonValue> {
  readonly id: string
  readonly name: Name
  /** The parsed arguments, or the raw text if `invalid` is set. A tool loop checks them by the schema; a call does not. */
  readonly arguments: Arguments
  /** Why the arguments could not be parsed. */
  readonly invalid?: string | undefined
  /**
   * The arguments as the model wrote them, if JSON text of `arguments` differs. In {@link ChatResponse.toolCalls} only if a
   * whole number is too large for JavaScript. Ignored if it does not mean the same as `arguments`.
   */
  readonly argumentsText?: string | undefined
  readonly signature?: string | undefined
  /** Vendor fields of the call, which are sent back unchanged to the same vendor. */
  readonly details?: JsonValue | undefined
  /** Who made `details`, `vendor/dialect`. */
  readonly origin?: string | undefined
}

/** A tool call inside an assistant message. */
export interface ToolCallPart extends ToolCall, Extensible {
  readonly type: 'tool-call'
  readonly cache?: boolean | CacheMark | undefined
}

/** A step of a tool that the provider ran. Only that provider gets it back, as it wrote it. */
export interface ServerToolPart extends Extensible {
  readonly type: 'server-tool'
  readonly id: string
  readonly name: string
  /** What the tool was asked, if the step is a call. */
  readonly arguments?: JsonValue | undefined
  /** The step as the provider wrote it. */
  readonly block: JsonObject
  /** Who made the part, `vendor/dialect`. */
  readonly origin?: string | undefined
}

export type UserPart = TextPart | ImagePart | FilePart | AudioPart
export type AssistantPart = TextPart | ReasoningPart | ToolCallPart | FilePart | ServerToolPart
export type ToolResultPart = TextPart | ImagePart | FilePart

/** Instructions. `developer` is OpenAI's newer name of the role. */
export interface SystemMessage extends Extensible {
  readonly role: 'system' | 'developer'
  readonly content: string
  readonly name?: string | undefined
  readonly cache?: CacheMark | undefined
}
export interface UserMessage extends Extensible {
  readonly role: 'user'
  readonly content: string | readonly UserPart[]
  readonly name?: string | undefined
}
export interface AssistantMessage extends Extensible {
  readonly role: 'assistant'
  readonly content: string | readonly AssistantPart[]
  readonly name?: string | undefined
}
/** The result of one tool call. */
export interface ToolMessage extends Extensible {
  readonly role: 'tool'
  readonly toolCallId: string
  /** The tool's name. Default: that of the call with the same id. */
  readonly name?: string | undefined
  readonly content: string | readonly ToolResultPart[]
  readonly isError?: boolean | undefined
  readonly cache?: boolean | CacheMark | undefined
}

/** The arguments of a tool call as JSON text: as the model wrote them, if that is known. */
export function argumentsText(call: ToolCall): string {
  if (typeof call.arguments === 'string' && call.invalid !== undefined) return call.arguments
  return writtenText(call) ?? wellFormedJson(JSON.stringify(call.arguments))
}

/** The arguments of a tool call for wires where they are an object. Other values become one named argument. */
export function argumentsObject(call: ToolCall): JsonDraft {
  const { arguments: args } = call
  if (!isObject(args)) return args === null ? {} : { arguments: args }
  const written = call.argumentsText === undefined ? undefined : writtenText(call)
  return written !== undefined && losesDigits(written) ? (parseExact(written) as JsonDraft) : args
}

// The arguments may have been changed after they were read.
function writtenText({ argumentsText: text, arguments: args }: ToolCall): string | undefined {
  if (text === undefined) return undefined
  // Databases may sort the keys of an object.
  const json = canonicalJson(args)
  return canonicalJson(parseJson(text)) === json && json === wellFormedJson(json) ? text : undefined
}

/** Reads the arguments of a tool call. No text is no arguments; text that is not JSON is kept, and marked. */
export function readArguments(text: string): Pick<ToolCall, 'arguments' | 'invalid' | 'argumentsText'> {
  if (isTooDeep(text)) return { arguments: text, invalid: 'the arguments are nested too deeply' }
  const value = text.trim() === '' ? {} : parseJson(text)
  if (value === undefined) return { arguments: text, invalid: 'the arguments are not valid JSON' }
  return value !== null && JSON.stringify(value) !== text && text.trim() !== ''
    ? { arguments: value, argumentsText: text }
    : { arguments: value }
}

/** One message of a conversation, in the shape that dialects read. */
export type Message = SystemMessage | UserMessage | AssistantMessage | ToolMessage

/** The parts of a message: a string is one text part, an empty string none. */
export function partsOf<P extends { readonly type: string }>(
  content: string | readonly P[],
): readonly (P | TextPart)[] {
  if (typeof content !== 'string') return content
  return content === '' ? [] : [{ type: 'text', text: content }]
}

/** The text parts of a message, joined. */
export function plainText(content: string | readonly { readonly type: string }[], joiner = ''): string {
  if (typeof content === 'string') return content
  const texts: string[] = []
  for (const part of content) if (part.type === 'text') texts.push((part as TextPart).text)
  return texts.join(joiner)
}

/** The mark of a cached prefix on a tool result: its own, or that of its last part with one. */
export function markOfResult({ cache, content }: ToolMessage): ToolMessage['cache'] {
  if (cache !== undefined || typeof content === 'string') return cache
  return content.findLast((part) => part.cache !== undefined)?.cache
}

/** Bytes as base64. Text is returned unchanged, because it is base64 already. */
export function base64Of(data: string | Uint8Array): string {
  if (typeof data === 'string') return data
  let binary = ''
  for (let at = 0; at < data.length; at += 0x8000)
    binary += String.fromCharCode(...data.subarray(at, at + 0x8000))
  return btoa(binary)
}

/** The URL of a part, or its bytes as a data URL. */
export function urlOf(part: {
  readonly url?: string | undefined
  readonly data?: string | Uint8Array | undefined
  readonly mediaType?: string | undefined
}): string {
  if (part.url !== undefined) return part.url
  return `data:${part.mediaType ?? 'application/octet-stream'};base64,${base64Of(part.data ?? '')}`
}

/** Media type and base64 data of a data URL; `undefined` for any other URL. */
export function readDataUrl(url: string | undefined): { mediaType: string; data: string } | undefined {
  const match = /^data:([^;,]*)((?:;[^;,]*)*),(.*)$/s.exec(url ?? '')
  if (!match) return undefined
  const [, mediaType = '', flags = '', body = ''] = match
  const data = flags.includes(';base64') ? body : base64Of(percentDecoded(body))
  return { mediaType: mediaType === '' ? 'text/plain' : mediaType, data }
}

// Byte by byte, because the decoded bytes need not be UTF-8.
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

/** Media type and base64 data of a part, from `data` or a data URL. `undefined` if the part is a remote URL. */
export function bytesOf(part: {
  readonly url?: string | undefined
  readonly data?: string | Uint8Array | undefined
  readonly mediaType?: string | undefined
}): { mediaType: string; data: string } | undefined {
  if (part.data === undefined) return readDataUrl(part.url)
  return { mediaType: part.mediaType ?? 'application/octet-stream', data: base64Of(part.data) }
}

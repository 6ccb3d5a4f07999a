import { isObject, objectOf, textOf } from '../../../core/json.ts'
import type { MessageInput } from '../../../core/request.ts'

/** What AG-UI clients keep beside the conversation. */
const ASIDE: ReadonlySet<unknown> = new Set(['activity', 'reasoning'])
const PARTS: ReadonlyMap<unknown, string> = new Map([
  ['image', 'image'],
  ['audio', 'audio'],
  ['video', 'file'],
  ['document', 'file'],
])
const PLACES: ReadonlyMap<unknown, string> = new Map([
  ['url', 'url'],
  ['file', 'fileId'],
])

/** Converts the messages of an AG-UI client. What is wrong with them is found where they are parsed. */
export function readAgUiMessages(messages: readonly unknown[]): MessageInput[] {
  return messages
    .filter((message) => !ASIDE.has(objectOf(message)['role']))
    .map((message) => (isObject(message) ? plainMessage(message) : message) as MessageInput)
}

function plainMessage({
  toolCalls,
  content,
  encryptedValue: _encrypted,
  ...message
}: Record<string, unknown>): object {
  const calls = toolCalls === undefined ? {} : { tool_calls: toolCalls }
  const told =
    content === undefined ? {} : { content: Array.isArray(content) ? content.map(plainPart) : content }
  return { ...message, ...told, ...calls }
}

function plainPart(part: unknown): unknown {
  const { type, source } = objectOf(part)
  const own = PARTS.get(type)
  if (own === undefined || !isObject(source)) return part
  const { value, mimeType } = source
  const place = PLACES.get(source['type']) ?? 'data'
  return { type: own, [place]: value, mediaType: textOf(mimeType) }
}

/** Whether a body is the input of an AG-UI run. */
export function isAgUiInput(body: Readonly<Record<string, unknown>>): boolean {
  return typeof body['threadId'] === 'string' && typeof body['runId'] === 'string'
}

import { callsOf } from '../../core/history.ts'
import {
  base64Of,
  partsOf,
  type AssistantPart,
  type Message,
  type ToolResultPart,
  type UserPart,
} from '../../core/message.ts'
import type { StoredMessage, StoredPart } from '../storage/index.ts'

type MessageFields = Pick<StoredMessage, 'role' | 'content' | 'name' | 'toolCallId' | 'isError'>

/** A stored message in the neutral form that is sent to a model. */
export function messageOf(stored: MessageFields): Message {
  const { role, content, name, toolCallId = '', isError } = stored
  switch (role) {
    case 'system':
      return { role, content: typeof content === 'string' ? content : textsOf(content).join('\n') }
    case 'user':
      return { role, name, content: content as string | readonly UserPart[] }
    case 'assistant':
      return { role, name, content: content as string | readonly AssistantPart[] }
    case 'tool':
      return { role, toolCallId, name, isError, content: content as string | readonly ToolResultPart[] }
  }
}

/** The text parts of a message, joined by newlines. */
export function textOfContent(content: string | readonly StoredPart[]): string {
  return typeof content === 'string' ? content : textsOf(content).join('\n')
}

function textsOf(content: readonly StoredPart[]): string[] {
  return content.flatMap((part) => (part.type === 'text' ? [part.text] : []))
}

/** A user message and its files in the form that is stored: bytes as base64 text, a message without parts as a string. */
export function storedContent(
  message: string | readonly UserPart[],
  files: readonly UserPart[] = [],
): string | readonly UserPart[] {
  if (typeof message === 'string' && files.length === 0) return message
  return [...partsOf(message).map(storedPart), ...files]
}

function storedPart(part: UserPart): UserPart {
  return 'data' in part && typeof part.data === 'object' ? { ...part, data: base64Of(part.data) } : part
}

/** A user message in the form that is sent: the `context` texts, the custom prompt, then the message itself. */
export function requestContent(
  content: string | readonly UserPart[],
  {
    context = [],
    customPrompt,
  }: { context?: readonly string[] | undefined; customPrompt?: string | undefined },
): string | readonly UserPart[] {
  const passages = context.filter((text) => text.trim() !== '').join('\n\n')
  const before = [
    ...(passages === '' ? [] : [`${passages}\n\n---\n\n`]),
    ...(customPrompt === undefined || customPrompt.trim() === '' ? [] : [`${customPrompt}\n\n`]),
  ].join('')
  if (before === '') return content
  if (typeof content === 'string') return before + content
  const first = content.findIndex((part) => part.type === 'text')
  if (first === -1) return [{ type: 'text', text: before.trimEnd() }, ...content]
  return content.map((part, at) =>
    at === first && part.type === 'text' ? { ...part, text: before + part.text } : part,
  )
}

/** The message with `change` applied to each of its texts. */
export function mapText(message: Message, change: (text: string) => string): Message {
  if (typeof message.content === 'string') return { ...message, content: change(message.content) }
  const parts = (message.content as readonly StoredPart[]).map((part) =>
    part.type === 'text' ? { ...part, text: change(part.text) } : part,
  )
  return { ...message, content: parts } as Message
}

/** The content with `change` applied to each of its texts, one after the other. */
export async function mapTextAsync<T extends StoredPart>(
  content: string | readonly T[],
  change: (text: string) => string | Promise<string>,
): Promise<string | readonly T[]> {
  if (typeof content === 'string') return change(content)
  const parts: T[] = []
  for (const part of content)
    parts.push(part.type === 'text' ? { ...part, text: await change(part.text) } : part)
  return parts
}

/** The content of a partial answer without its tool calls, because they were not run and must not be run later. */
export function withoutToolCalls(
  content: string | readonly AssistantPart[],
): string | readonly AssistantPart[] {
  if (typeof content === 'string') return content
  const kept = content.filter((part) => part.type !== 'tool-call')
  return kept.length === 0 ? '' : kept
}

/** Whether a message contains tool calls. */
export function callsTools(stored: StoredMessage): boolean {
  return callsOf(messageOf(stored)).length > 0
}

/** A name in the form that providers accept: letters, digits, `_` and `-`, at most 64 characters. */
export function speakerName(name: string | undefined): string | undefined {
  const safe = name
    ?.trim()
    .replaceAll(/\s+/g, '_')
    .replaceAll(/[^\p{L}\p{N}_-]/gu, '')
    .slice(0, 64)
  return safe === '' ? undefined : safe
}

/** Whether two contents are equal, regardless of the order of their fields. */
export function sameContent(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const left = Object.entries(a).filter(([, value]) => value !== undefined)
  const right = new Map(Object.entries(b).filter(([, value]) => value !== undefined))
  return left.length === right.size && left.every(([key, value]) => sameContent(value, right.get(key)))
}

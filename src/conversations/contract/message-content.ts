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

type Turn = Pick<StoredMessage, 'role' | 'content' | 'name' | 'toolCallId' | 'isError'>

/** A stored turn as a model is told it. */
export function messageOf(stored: Turn): Message {
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

/** The text of a stored turn, its parts joined by newlines. */
export function textOfContent(content: string | readonly StoredPart[]): string {
  return typeof content === 'string' ? content : textsOf(content).join('\n')
}

function textsOf(content: readonly StoredPart[]): string[] {
  return content.flatMap((part) => (part.type === 'text' ? [part.text] : []))
}

/**
 * Stored turns in the order of the talk. Turns that were sent at the same time lie between each other in the store; here
 * each answer stands behind the turn that it answers.
 */
export function inConversationOrder(stored: readonly StoredMessage[]): readonly StoredMessage[] {
  const asked = new Map<string, StoredMessage[]>()
  const groups: StoredMessage[][] = []
  for (const message of stored) {
    const { requestId, requestStep = 0 } = message
    const group = requestId === undefined || requestStep === 0 ? undefined : asked.get(requestId)
    if (group !== undefined) {
      group.push(message)
      continue
    }
    const begun = [message]
    groups.push(begun)
    if (requestId !== undefined) asked.set(requestId, begun)
  }
  return groups.flat()
}

/** Texts, parts and files of a user's turn as they are kept: bytes as base64 text, a single text as a plain one. */
export function storedContent(
  message: string | readonly UserPart[],
  files: readonly UserPart[] = [],
): string | readonly UserPart[] {
  if (typeof message === 'string' && files.length === 0) return message
  return [...partsOf(message).map(keptPart), ...files]
}

function keptPart(part: UserPart): UserPart {
  return 'data' in part && typeof part.data === 'object' ? { ...part, data: base64Of(part.data) } : part
}

/** The turn as it is sent: found passages, then the custom prompt, then the text with its images. */
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

/**
 * What may be kept of a turn, by what was left of it when it was sent. What was put around it for the model is taken off
 * again where it can be told apart; where it cannot, it is kept with it rather than what was taken out.
 */
export function allowedContent(
  kept: StoredMessage['content'],
  sent: StoredMessage['content'],
  left: StoredMessage['content'],
): StoredMessage['content'] {
  if (sameContent(sent, left)) return kept
  if (typeof kept !== 'string' || typeof sent !== 'string' || typeof left !== 'string') return left
  const lead = sent.endsWith(kept) ? sent.slice(0, sent.length - kept.length) : ''
  return left.startsWith(lead) ? left.slice(lead.length) : left
}

/** Every text of a turn, changed; a turn without texts stays as it is. */
export function mapText(message: Message, change: (text: string) => string): Message {
  if (typeof message.content === 'string') return { ...message, content: change(message.content) }
  const parts = (message.content as readonly StoredPart[]).map((part) =>
    part.type === 'text' ? { ...part, text: change(part.text) } : part,
  )
  return { ...message, content: parts } as Message
}

/** The same where a change takes its time. */
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

/** An answer that broke off, as it is kept: a call of a tool in it was never made, and must never be. */
export function withoutToolCalls(
  content: string | readonly AssistantPart[],
): string | readonly AssistantPart[] {
  if (typeof content === 'string') return content
  const kept = content.filter((part) => part.type !== 'tool-call')
  return kept.length === 0 ? '' : kept
}

/** True for a turn that calls tools. */
export function callsTools(stored: StoredMessage): boolean {
  return callsOf(messageOf(stored)).length > 0
}

/** A speaker's name in the form that providers take: letters, digits, `_` and `-`, 64 at most. */
export function speakerName(name: string | undefined): string | undefined {
  const safe = name
    ?.trim()
    .replaceAll(/\s+/g, '_')
    .replaceAll(/[^\p{L}\p{N}_-]/gu, '')
    .slice(0, 64)
  return safe === '' ? undefined : safe
}

/** True where two contents say the same, whatever order their fields were written in. */
export function sameContent(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const left = Object.entries(a).filter(([, value]) => value !== undefined)
  const right = new Map(Object.entries(b).filter(([, value]) => value !== undefined))
  return left.length === right.size && left.every(([key, value]) => sameContent(value, right.get(key)))
}

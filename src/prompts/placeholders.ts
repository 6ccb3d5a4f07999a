import type { MessageInput } from '../core/request.ts'
import type { Random } from './random.ts'

/** The names that replace placeholders. */
export interface PlaceholderNames {
  /** Name of the persona. Default, also if blank: `Character`. */
  readonly char?: string | undefined
  /** Name of the user. Default, also if blank: `User`. */
  readonly user?: string | undefined
  /** Names that each `{{random_user}}` is drawn from. Default: the name of the user. */
  readonly randomUsers?: readonly string[] | undefined
  /** Random source of the draws. Default `Math.random`; see `createRandom`. */
  readonly random?: Random | undefined
}

const TOKENS = /\{\{(?:char|user|random_user)\}\}|<(?:USER|CHAR)>/g

/**
 * Replaces `{{char}}`, `{{user}}`, `{{random_user}}`, `<USER>` and `<CHAR>`, written exactly so, by names. Runs one pass,
 * so a placeholder inside a name stays.
 */
export function fillPlaceholders(text: string, names: PlaceholderNames = {}): string {
  if (!text.includes('{{') && !text.includes('<')) return text
  const char = nameOr(names.char, 'Character')
  const user = nameOr(names.user, 'User')
  // A function, because `$` has a meaning in a replacement string.
  return text.replace(TOKENS, (token) => {
    if (token === '{{char}}' || token === '<CHAR>') return char
    return token === '{{random_user}}' ? drawUser(names, user) : user
  })
}

/**
 * Replaces placeholders in the texts of messages. Leaves tool calls and their results unchanged, and texts with a
 * vendor's signature, because the signature would become invalid.
 */
export function fillMessages(
  messages: readonly MessageInput[],
  names: PlaceholderNames = {},
): MessageInput[] {
  return messages.map((message) =>
    message.role === 'tool' ? message : mapText(message, (text) => fillPlaceholders(text, names)),
  )
}

/** Maps the texts of a message. Returns the same object if no text changed. */
export function mapText<M extends MessageInput>(message: M, map: (text: string) => string): M {
  const { content } = message
  if (typeof content === 'string') {
    const text = map(content)
    return text === content ? message : { ...message, content: text }
  }
  if (!Array.isArray(content)) return message
  let changed = false
  const parts = (content as readonly unknown[]).map((part) => {
    if (!isOpenText(part)) return part
    const text = map(part.text)
    if (text === part.text) return part
    changed = true
    return { ...part, text }
  })
  return changed ? { ...message, content: parts } : message
}

function isOpenText(part: unknown): part is { readonly type: 'text'; readonly text: string } {
  if (typeof part !== 'object' || part === null) return false
  const { type, text, signature } = part as { type?: unknown; text?: unknown; signature?: unknown }
  return type === 'text' && typeof text === 'string' && signature === undefined
}

function drawUser({ randomUsers = [], random = Math.random }: PlaceholderNames, user: string): string {
  return nameOr(randomUsers[Math.floor(random() * randomUsers.length)], user)
}

function nameOr(name: string | undefined, fallback: string): string {
  return name === undefined || name.trim() === '' ? fallback : name
}

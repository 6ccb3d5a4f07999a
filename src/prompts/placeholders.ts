import type { MessageInput } from '../core/request.ts'
import type { Random } from './random.ts'

/** What stands for whom. */
export interface PlaceholderNames {
  /** The persona's name. Default, and where it is blank: `Character`. */
  readonly char?: string | undefined
  /** The user's name. Default, and where it is blank: `User`. */
  readonly user?: string | undefined
  /** Names that `{{random_user}}` is drawn from, anew each time. Default: the user's name. */
  readonly randomUsers?: readonly string[] | undefined
  /** Draws them. Default `Math.random`; see `createRandom`. */
  readonly random?: Random | undefined
}

const TOKENS = /\{\{(?:char|user|random_user)\}\}|<(?:USER|CHAR)>/g

/**
 * Puts names in the place of `{{char}}`, `{{user}}`, `{{random_user}}`, `<USER>` and `<CHAR>`, written exactly so. One
 * pass: a name that holds a placeholder is not filled again.
 */
export function fillPlaceholders(text: string, names: PlaceholderNames = {}): string {
  if (!text.includes('{{') && !text.includes('<')) return text
  const char = nameOr(names.char, 'Character')
  const user = nameOr(names.user, 'User')
  // A function, so that a dollar sign in a name stays one.
  return text.replace(TOKENS, (token) => {
    if (token === '{{char}}' || token === '<CHAR>') return char
    return token === '{{random_user}}' ? drawn(names, user) : user
  })
}

/**
 * The same for the text of turns. Tool calls and their results stay as they are, and so does text that carries a vendor's
 * signature, which would not fit it any more.
 */
export function fillMessages(
  messages: readonly MessageInput[],
  names: PlaceholderNames = {},
): MessageInput[] {
  return messages.map((message) =>
    message.role === 'tool' ? message : mapText(message, (text) => fillPlaceholders(text, names)),
  )
}

/** A turn with its texts mapped; the same object where nothing changed. */
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

function drawn({ randomUsers = [], random = Math.random }: PlaceholderNames, user: string): string {
  return nameOr(randomUsers[Math.floor(random() * randomUsers.length)], user)
}

function nameOr(name: string | undefined, fallback: string): string {
  return name === undefined || name.trim() === '' ? fallback : name
}

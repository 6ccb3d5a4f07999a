import { argument, checkArguments, optional } from '../core/check-arguments.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import type { MessageInput } from '../core/request.ts'
import { callable, listOf, text, type Group } from '../core/schema.ts'
import { fillMacros, type MacroValues } from './macros.ts'
import type { Random } from './random.ts'
import { checkText, wrong } from './wrong.ts'

/** The values that replace placeholders. */
export interface PlaceholderNames {
  /** Name of the persona. Default, also if blank: `Character`. */
  readonly char?: string | undefined
  /** Name of the user. Default, also if blank: `User`. */
  readonly user?: string | undefined
  /** Names that each `{{random_user}}` is drawn from. Default: the name of the user. */
  readonly randomUsers?: readonly string[] | undefined
  /** Random source of the draws. Default `Math.random`; see `createRandom`. */
  readonly random?: Random | undefined
  /** Seed of `{{pick}}`: for the same seed and list, the choice is the same. Default: empty. */
  readonly seed?: string | undefined
  /** Text that `{{original}}` stands for: the prompt that the persona's own one replaces. Default: empty. */
  readonly original?: string | undefined
  /** Texts of the persona, for `{{description}}`, `{{personality}}` and `{{scenario}}`. Default: they stay unchanged. */
  readonly description?: string | undefined
  readonly personality?: string | undefined
  readonly scenario?: string | undefined
}

/** The schema of {@link PlaceholderNames}. */
export const placeholderNamesSchema: Group = optionsSchema<PlaceholderNames>()(() => ({
  char: text,
  user: text,
  randomUsers: listOf(text),
  random: callable,
  seed: text,
  original: text,
  description: text,
  personality: text,
  scenario: text,
}))

/**
 * Replaces the macros of character cards, in any case: `{{char}}`, `<char>`, `<bot>`, `{{user}}`, `<user>`,
 * `{{random_user}}`, `{{original}}`, `{{description}}`, `{{personality}}`, `{{scenario}}`, `{{random:a,b}}`,
 * `{{pick:a,b}}`, `{{roll:d6}}`, `{{reverse:a}}`, `{{newline}}`, `{{noop}}`; and removes `{{// a}}`, `{{comment: a}}` and
 * `{{hidden_key:a}}`. Others stay. A macro inside a value stays, too. Throws `misconfigured` for a wrong argument.
 */
export function fillPlaceholders(source: string, names: PlaceholderNames = {}): string {
  checkText('fillPlaceholders', source)
  checkOptions('fillPlaceholders', placeholderNamesSchema, names)
  if (!hasMacro(source)) return source
  const values = valuesOf(names)
  for (const [name, value] of [
    ['original', names.original ?? ''],
    ['description', names.description],
    ['personality', names.personality],
    ['scenario', names.scenario],
    ['newline', '\n'],
    ['noop', ''],
  ] as const)
    if (value !== undefined) values.texts.set(name, () => value)
  return fillMacros(source, values)
}

/** Replaces only the names: what was said does not change from call to call. */
function fillNames(source: string, names: PlaceholderNames): string {
  if (!hasMacro(source)) return source
  const { texts } = valuesOf(names)
  return source.replace(NAMES, (token, braced?: string, angled?: string) => {
    const name = (braced ?? angled ?? '').toLowerCase()
    return texts.get(name)?.() ?? token
  })
}

const NAMES = /\{\{\s*(char|bot|user|random_user)\s*\}\}|<(char|bot|user)>/gi

/**
 * Replaces the names (`{{char}}`, `{{user}}`, `{{random_user}}` and their other forms) in the texts of messages. Leaves the
 * newest user message and everything after it unchanged, because that is the turn being sent. Leaves tool calls and their
 * results unchanged, and texts with a vendor's signature, because the signature would become invalid.
 */
export function fillMessages(
  messages: readonly MessageInput[],
  names: PlaceholderNames = {},
): MessageInput[] {
  checkArguments('fillMessages', { messages: argument.objects, names: optional.object }, { messages, names })
  checkOptions('fillMessages', placeholderNamesSchema, names)
  const given: unknown = messages
  if (!Array.isArray(given)) throw wrong('fillMessages', 'messages', 'must be a list of messages')
  const sent = messages.findLastIndex(({ role }) => role === 'user')
  return messages.map((message, at) =>
    message.role === 'tool' || (sent >= 0 && at >= sent)
      ? message
      : mapText(message, (part) => fillNames(part, names)),
  )
}

function hasMacro(source: string): boolean {
  return source.includes('{{') || source.includes('<')
}

function valuesOf(names: PlaceholderNames): MacroValues & { readonly texts: Map<string, () => string> } {
  const { random = Math.random, seed = '' } = names
  const char = nameOr(names.char, 'Character')
  const user = nameOr(names.user, 'User')
  const texts = new Map([
    ['char', () => char],
    ['bot', () => char],
    ['user', () => user],
    ['random_user', () => drawUser(names, user)],
  ])
  return { texts, random, seed }
}

/** Maps the texts of a message. Returns the same object if no text changed. */
export function mapText<M extends MessageInput>(message: M, map: (text: string) => string): M {
  const { content } = message
  if (typeof content === 'string') {
    const mapped = map(content)
    return mapped === content ? message : { ...message, content: mapped }
  }
  if (!Array.isArray(content)) return message
  let changed = false
  const parts = (content as readonly unknown[]).map((part) => {
    if (!isOpenText(part)) return part
    const mapped = map(part.text)
    if (mapped === part.text) return part
    changed = true
    return { ...part, text: mapped }
  })
  return changed ? { ...message, content: parts } : message
}

function isOpenText(part: unknown): part is { readonly type: 'text'; readonly text: string } {
  if (typeof part !== 'object' || part === null) return false
  const { type, text: own, signature } = part as { type?: unknown; text?: unknown; signature?: unknown }
  return type === 'text' && typeof own === 'string' && signature === undefined
}

function drawUser({ randomUsers = [], random = Math.random }: PlaceholderNames, user: string): string {
  return nameOr(randomUsers[Math.floor(random() * randomUsers.length)], user)
}

function nameOr(name: string | undefined, fallback: string): string {
  return name === undefined || name.trim() === '' ? fallback : name
}

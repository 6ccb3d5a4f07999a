import { optionsSchema } from '../core/options.ts'
import {
  anyOf,
  count,
  flag,
  kind,
  listOf,
  nonEmptyText,
  oneOf,
  orInfinity,
  type Field,
  type Group,
} from '../core/schema.ts'

/** Content that is not allowed: a text, compared without case, or an object that tests a text, such as a `RegExp`. */
export type UnsafePattern = string | { test(text: string): boolean }

/** Roles of messages. */
export type MessageRole = 'system' | 'developer' | 'user' | 'assistant' | 'tool'

/** Limits of one request. Text and media are counted separately: an image uses none of the characters. */
export interface InputLimits {
  /** Maximum number of messages. Default 1 000. */
  readonly maxMessages: number
  /** Maximum characters of one message, and of one text part. Default 400 000. */
  readonly maxTextChars: number
  /** Maximum characters of all messages, instructions and tools together, without media. Default 1 000 000. */
  readonly maxRequestChars: number
  /** Maximum number of images in all messages. Default 10. */
  readonly maxImages: number
  /** Allowed media types of images sent as bytes. Default png, jpeg and webp. */
  readonly imageTypes: readonly string[]
  /** Maximum decoded bytes of one image. Default 3 MiB. */
  readonly maxImageBytes: number
  /** Maximum number of documents and audio parts in all messages. Default 10. */
  readonly maxFiles: number
  /** Maximum decoded bytes of one document or audio part. Default 20 MiB. */
  readonly maxFileBytes: number
  /** Maximum number of tools. Default 128. */
  readonly maxTools: number
  /** Maximum characters of one tool as JSON, with its parameters. Default 10 000. */
  readonly maxToolChars: number
  /** Maximum value of `maxTokens`. Default 128 000. */
  readonly maxTokens: number
  /** Maximum value of `n`. Default 128. */
  readonly maxChoices: number
  /** Maximum number of stop sequences. Default 4. */
  readonly maxStops: number
  /** Maximum characters of one stop sequence. Default 500. */
  readonly maxStopChars: number
  /** Maximum characters of a model id. Default 100. */
  readonly maxModelChars: number
  /** Maximum characters of `userId` and of each value of `tags`. Default 256. */
  readonly maxIdChars: number
  /** Allowed roles of messages. Default: all. A public chat may want `['user', 'assistant']`. */
  readonly roles: readonly MessageRole[]
  /** Whether user and assistant messages may be blank. Default false. */
  readonly allowBlank: boolean
  /** Content that no message, file with text or tool description may contain; `system` of the request is exempt. `true`: {@link unsafePatterns}. Default: off, because text about HTML is not an attack. */
  readonly unsafeContent: boolean | readonly UnsafePattern[]
}

const ALL_ROLES: readonly MessageRole[] = Object.freeze(['system', 'developer', 'user', 'assistant', 'tool'])

/** The limits that `requestLimits: true` sets. */
export const defaultInputLimits: InputLimits = Object.freeze({
  maxMessages: 1_000,
  maxTextChars: 400_000,
  maxRequestChars: 1_000_000,
  maxImages: 10,
  imageTypes: Object.freeze(['image/png', 'image/jpeg', 'image/webp']),
  maxImageBytes: 3 * 1024 * 1024,
  maxFiles: 10,
  maxFileBytes: 20 * 1024 * 1024,
  maxTools: 128,
  maxToolChars: 10_000,
  maxTokens: 128_000,
  maxChoices: 128,
  maxStops: 4,
  maxStopChars: 500,
  maxModelChars: 100,
  maxIdChars: 256,
  roles: ALL_ROLES,
  allowBlank: false,
  unsafeContent: false,
})

/** Patterns of script tags and of URLs that run scripts. */
export const unsafePatterns: readonly UnsafePattern[] = Object.freeze([
  /<\s{0,16}script\b/i,
  /\bjavascript\s{0,16}:/i,
  /\bvbscript\s{0,16}:/i,
  /\bdata\s{0,16}:\s{0,16}text\/html/i,
])

const limit = orInfinity(count)
const pattern = anyOf(
  nonEmptyText,
  kind('a regular expression', (value) => typeof (value as { test?: unknown } | null)?.test === 'function'),
)

/** The schema of {@link InputLimits} as options. */
export const inputLimitsSchema: Group = optionsSchema<Partial<InputLimits>>()(() => ({
  maxMessages: limit,
  maxTextChars: limit,
  maxRequestChars: limit,
  maxImages: limit,
  imageTypes: listOf(nonEmptyText),
  maxImageBytes: limit,
  maxFiles: limit,
  maxFileBytes: limit,
  maxTools: limit,
  maxToolChars: limit,
  maxTokens: limit,
  maxChoices: limit,
  maxStops: limit,
  maxStopChars: limit,
  maxModelChars: limit,
  maxIdChars: limit,
  roles: listOf(oneOf('system', 'developer', 'user', 'assistant', 'tool')),
  allowBlank: flag,
  unsafeContent: anyOf(flag, listOf(pattern)),
}))

/** The option `requestLimits`. */
export const requestLimitsField: Field = anyOf(
  kind('true', (value) => value === true),
  inputLimitsSchema,
)

/** Merges the option `requestLimits` with the defaults; `true` means the defaults. Throws `misconfigured` if a limit is not valid. */
export function readInputLimits(given: true | Partial<InputLimits>): InputLimits {
  if (given === true) return defaultInputLimits
  const present = Object.entries(given).filter(([, value]) => value !== undefined)
  return { ...defaultInputLimits, ...Object.fromEntries(present) }
}

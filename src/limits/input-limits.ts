import { LlmError } from '../core/error.ts'

/** Content that is refused: a text, in any case of letters, or anything that can test a text, such as a `RegExp`. */
export type UnsafePattern = string | { test(text: string): boolean }

/** Roles that a turn may have. */
export type MessageRole = 'system' | 'developer' | 'user' | 'assistant' | 'tool'

/** What a request may hold. Text and media are counted apart: an image takes nothing from the room for text. */
export interface InputLimits {
  /** Turns. Default 1 000. */
  readonly maxMessages: number
  /** Characters of one turn, and of one text part. Default 400 000. */
  readonly maxTextChars: number
  /** Characters of all turns, instructions and tools together, without media. Default 1 000 000. */
  readonly maxRequestChars: number
  /** Images of all turns. Default 10. */
  readonly maxImages: number
  /** Media types of images that come as bytes. Default png, jpeg and webp. */
  readonly imageTypes: readonly string[]
  /** Bytes of one image, decoded. Default 3 MiB. */
  readonly maxImageBytes: number
  /** Documents and sounds of all turns. Default 10. */
  readonly maxFiles: number
  /** Bytes of one document or sound, decoded. Default 20 MiB. */
  readonly maxFileBytes: number
  /** Default 128. */
  readonly maxTools: number
  /** Characters of one tool, written as JSON with its parameters. Default 10 000. */
  readonly maxToolChars: number
  /** Largest `maxTokens`. Default 128 000. */
  readonly maxTokens: number
  /** Largest `n`. Default 128. */
  readonly maxChoices: number
  /** Default 4. */
  readonly maxStops: number
  /** Characters of one stop sequence. Default 500. */
  readonly maxStopChars: number
  /** Characters of a model's id. Default 100. */
  readonly maxModelChars: number
  /** Characters of `userId` and of the values of `tags`. Default 256. */
  readonly maxIdChars: number
  /** Roles that turns may have. Default: all. A public chat may want `['user', 'assistant']`. */
  readonly roles: readonly MessageRole[]
  /** Lets turns of users and of the assistant be blank. Default false. */
  readonly allowBlank: boolean
  /** Content that no turn of a user may hold. `true`: {@link unsafePatterns}. Default false: to talk about HTML is no attack. */
  readonly unsafeContent: boolean | readonly UnsafePattern[]
}

const ALL_ROLES: readonly MessageRole[] = Object.freeze(['system', 'developer', 'user', 'assistant', 'tool'])

/** The limits that `requestLimits: true` means. */
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

/** Script tags, and addresses that run scripts. */
export const unsafePatterns: readonly UnsafePattern[] = Object.freeze([
  /<\s{0,16}script\b/i,
  /\bjavascript\s{0,16}:/i,
  /\bvbscript\s{0,16}:/i,
  /\bdata\s{0,16}:\s{0,16}text\/html/i,
])

/** The limits behind `createOrchestrator({ requestLimits })`. Throws `misconfigured` naming the field. */
export function readInputLimits(given: true | Partial<InputLimits>): InputLimits {
  if (given === true) return defaultInputLimits
  if (typeof given !== 'object' || given === null) refuse('', 'takes true, or an object of limits')
  const present = Object.entries(given).filter(([, value]) => value !== undefined)
  for (const [name, value] of present) {
    if (!Object.hasOwn(defaultInputLimits, name))
      refuse(name, `is not a limit; known: ${Object.keys(defaultInputLimits).join(', ')}`)
    checkLimit(name as keyof InputLimits, value)
  }
  return { ...defaultInputLimits, ...Object.fromEntries(present) }
}

function checkLimit(name: keyof InputLimits, value: unknown): void {
  switch (name) {
    case 'imageTypes':
      if (!isListOf(value, (item) => typeof item === 'string')) refuse(name, 'takes a list of media types')
      return
    case 'roles':
      if (!isListOf(value, (item) => ALL_ROLES.includes(item as MessageRole)))
        refuse(name, `takes a list of ${ALL_ROLES.join(', ')}`)
      return
    case 'allowBlank':
      if (typeof value !== 'boolean') refuse(name, 'takes true or false')
      return
    case 'unsafeContent':
      if (typeof value !== 'boolean' && !isListOf(value, isPattern))
        refuse(name, 'takes true, false, or a list of texts and regular expressions')
      return
    default:
      if (typeof value !== 'number' || !(value >= 0)) refuse(name, 'takes a number of 0 or more')
  }
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem)
}

function isPattern(value: unknown): boolean {
  if (typeof value === 'string') return value !== ''
  return typeof (value as { test?: unknown } | null)?.test === 'function'
}

function refuse(name: string, problem: string): never {
  const path = name === '' ? 'requestLimits' : `requestLimits.${name}`
  throw new LlmError('misconfigured', `createOrchestrator: ${path} ${problem}`, {
    issues: [{ path, message: problem }],
  })
}

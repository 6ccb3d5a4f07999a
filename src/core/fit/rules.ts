import type { SchemaRule } from './schema-rule.ts'

/** A rule that a wire format does not need, and why. */
export interface Absent {
  readonly absent: string
}

/** The form of tool names. Names of another form are changed on the way out and restored on the way back. */
export interface NameRule {
  /** Matches a character that the format refuses. */
  readonly refused: RegExp
  /** Matches the start of a name that the format refuses. Default: none. */
  readonly refusedStart?: RegExp | undefined
  /** Maximum number of characters. */
  readonly max: number
}

/** The form of tool call ids. Ids of another form are replaced, in the call and in its result. */
export interface CallIdRule {
  /** Matches ids that are sent unchanged. */
  readonly allowed: RegExp
  /** Start of a replacement. */
  readonly prefix: string
  /** Number of characters of a replacement. */
  readonly length: number
}

/** Media types of images that the format accepts; `any` for a server that decides by model. */
export type ImageRule = readonly string[] | 'any' | 'none'

/** Registered media types of sounds that the format accepts; `any` for a server that decides by model. */
export type AudioRule = readonly string[] | 'any' | 'none'

/** How a format marks the ends of prefixes that the vendor caches. */
export interface CacheRule {
  /** Maximum number of marks in a request. */
  readonly max: number
  /** Whether tools can be marked. */
  readonly tools: boolean
  /** Which parts of assistant messages can be marked. */
  readonly answers: 'all' | 'texts' | 'none'
  /** Who chooses the marks under `cache: 'auto'`: they are `placed` here, or the vendor does it, asked by a `field` or by `itself`. */
  readonly auto: 'placed' | 'field' | 'itself'
}

/**
 * What a wire format requires of a neutral request. Every dialect answers every row; a provider or a model overrides single
 * rows. A request is fitted by these rows before the dialect renders it.
 */
export interface WireRules {
  readonly toolNames: NameRule | Absent
  readonly callIds: CallIdRule | Absent
  /** Media types of images. An image of another type is left out; an SVG is sent as its source. */
  readonly images: ImageRule
  /** Media types of sounds. A sound of another type is left out. */
  readonly audio: AudioRule
  /** The form of the names of speakers. A name of another form is changed, a blank one left out; without a field all are. */
  readonly speakerNames: NameRule | Absent
  /** Whether the format accepts two messages of one role in a row. `joined`: they are joined before rendering. */
  readonly neighbours: 'accepted' | 'joined'
  /** Whether a user message may follow a tool result. `separated`: an assistant message is put between them. */
  readonly userAfterResult: 'accepted' | 'separated'
  /** Whether the format accepts a message of white space alone. `left-out`: it is not sent. */
  readonly blankMessages: 'accepted' | 'left-out'
  /** Whether the format accepts an assistant message at the end. `refused`: a user message is added behind it. */
  readonly lastAssistant: 'accepted' | 'refused'
  /** Where instructions in the middle of a conversation are sent: there, behind the next user message, or at the beginning. */
  readonly lateSystem: 'in-place' | 'after-user' | 'moved'
  /** Marks of cached prefixes. */
  readonly cacheMarks: CacheRule | Absent
  /** The schemas of tools that are not strict. */
  readonly toolSchema: SchemaRule
  /** The schemas that the format enforces exactly, of strict tools and answers. */
  readonly strictSchema: SchemaRule | Absent
  /** The schemas of answers that are not strict. */
  readonly answerSchema: SchemaRule
}

/** The rows about schemas. */
export type SchemaRules = Pick<WireRules, 'toolSchema' | 'strictSchema' | 'answerSchema'>

/** The rows for a model that enforces no schemas of tools, if `strictTools` is false. */
export function toolSchemas(rules: SchemaRules, strictTools: unknown): SchemaRules {
  return strictTools === false
    ? { ...rules, strictSchema: { absent: 'the model does not enforce schemas' } }
    : rules
}

/** Names of letters, digits, `_` and `-`, as most formats have them. */
export const commonNames: NameRule = { refused: /[^A-Za-z0-9_-]/, max: 64 }

/** The names of speakers in OpenAI's chat completions. */
export const speakerNames: NameRule = { refused: /[\s<|\\/>\p{Cc}]/u, max: 64 }

const anyNames: NameRule = { refused: /[^\s\S]/, max: Infinity }

/** Rules of a dialect that declares none: everything is sent as it is. */
export const looseRules: WireRules = Object.freeze({
  toolNames: { absent: 'the dialect declares no rule' },
  callIds: { absent: 'the dialect declares no rule' },
  images: 'any',
  audio: 'any',
  speakerNames: anyNames,
  neighbours: 'accepted',
  userAfterResult: 'accepted',
  blankMessages: 'accepted',
  lastAssistant: 'accepted',
  lateSystem: 'in-place',
  cacheMarks: { absent: 'the format has none' },
  toolSchema: {},
  strictSchema: { absent: 'the dialect declares no rule' },
  answerSchema: {},
})

/** Ids of nine letters and digits, as Mistral's models require. */
export const shortCallIds: CallIdRule = { allowed: /^[A-Za-z0-9]{9}$/, prefix: '', length: 9 }

/** Media types of images that most vendors accept. */
export const commonImages: readonly string[] = ['image/png', 'image/jpeg', 'image/gif', 'image/webp']

import type { Clock } from '../../core/clock.ts'
import { clockField, loggerField } from '../../core/common-fields.ts'
import type { Logger } from '../../core/log.ts'
import { optionsSchema, type Rows } from '../../core/options.ts'
import {
  anyOf,
  callable,
  count,
  flag,
  kind,
  listOf,
  matching,
  milliseconds,
  number,
  oneOf,
  orInfinity,
  positiveCount,
  required,
  text,
  withMethods,
  type Field,
  type Group,
} from '../../core/schema.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Message } from '../../core/message.ts'
import type { ChatRequest, MessageInput, Tool } from '../../core/request.ts'
import type { Warning } from '../../core/response.ts'
import type { CostOf } from '../../limits/index.ts'
import type { Approvals } from '../../tools/index.ts'
import type { Orchestrator } from '../../orchestrator/index.ts'
import type { ChatStore } from '../storage/index.ts'
import { auditSchema, type AuditOptions } from './audit.ts'
import { accessSchema, type AccessOptions, type Identity } from './permissions.ts'
import type { DraftPipeline } from './draft-message.ts'
import type { ChatPersona } from './persona.ts'

/** How much of the history is sent with a call. The oldest messages are dropped first. */
export interface HistoryBounds {
  /** Maximum number of messages, without system messages. Default 20, at most 200. */
  readonly maxMessages?: number | undefined
  /** Maximum tokens of history. Default `Infinity`: no limit besides the model's context window. */
  readonly maxTokens?: number | undefined
}

/** Returns the number of tokens of one message. */
export type TokenCounter = (message: Message) => number

/**
 * How images of past messages are sent; images of the current message are always sent. `send-all` sends all of them.
 * `send-last-user-image` sends the newest user image, unless the current message has one. `describe-past` replaces each by a
 * text such as `<image 1>`. `ignore-past` removes them.
 */
export type ImageMode = 'send-all' | 'send-last-user-image' | 'describe-past' | 'ignore-past'

/** All image modes. */
export const IMAGE_MODES: readonly [ImageMode, ...ImageMode[]] = [
  'send-all',
  'send-last-user-image',
  'describe-past',
  'ignore-past',
]

/** Context of a text transform: the caller, the conversation, the persona and the request's template. */
export interface TextContext {
  readonly identity: Identity
  readonly conversationId: string
  readonly persona: ChatPersona | undefined
  /** Name of the persona, for placeholders. Default `Character`. */
  readonly charName: string
  /** Name of the user, for placeholders. Default `User`. */
  readonly userName: string
  /** System instructions of the request, before any template. */
  readonly system: string | undefined
  readonly template: string | undefined
  readonly templateData: JsonObject | undefined
}

/** Input of a composer. */
export interface ComposeInput {
  /** Past messages and the current message, newest last, without system messages. */
  readonly messages: readonly MessageInput[]
  /** System instructions of the request. */
  readonly system?: string | undefined
  readonly persona?: ChatPersona | undefined
  readonly template?: string | object | undefined
  readonly data?: Readonly<Record<string, unknown>> | undefined
  readonly user?: string | undefined
  /** Whether the persona's example dialogue precedes the messages. */
  readonly examples?: boolean | undefined
  /** Id of the conversation, as the seed of choices that stay the same in it. */
  readonly seed?: string | undefined
}

/** A prompt in parts. */
export interface ComposeParts {
  readonly system: string | undefined
  /** Messages before the history. They are the first to be dropped when the window is full. */
  readonly opening: readonly MessageInput[]
  /** The given messages, each at its index. */
  readonly history: readonly MessageInput[]
  /** Messages between those of the history: at depth 0 after the newest one, at 1 before it, and so on. */
  readonly placed: readonly { readonly depth: number; readonly message: MessageInput }[]
  /** Instructions after the current message. */
  readonly closing: readonly MessageInput[]
  readonly warnings: readonly Warning[]
}

/** Applies personas, templates and placeholders, such as `createPromptComposer()` of `llm-switchyard/prompts`. */
export interface TurnComposer {
  /** Returns every message at its index; it may append system messages after them. */
  compose(input: ComposeInput): Promise<{
    readonly system: string | undefined
    readonly messages: readonly MessageInput[]
    readonly warnings: readonly Warning[]
  }>
  /** Does the same, and returns the parts. If it is there, it is called instead of `compose`. */
  composeParts?(input: ComposeInput): Promise<ComposeParts>
}

type TextTransform<T extends string | undefined = string> = (text: T, context: TextContext) => T | Promise<T>

/** Functions that change texts before they are sent or stored. The store keeps the user's original text. */
export interface TextOptions {
  /**
   * Replaces placeholders in history, instructions and greetings, but not in the current message. Default: those of
   * character cards, in the texts of the persona.
   */
  readonly placeholders?: ((text: string, context: TextContext) => string) | undefined
  /** Called with the instructions of the request or the persona. Returns the system instructions to send. */
  readonly system?: TextTransform<string | undefined> | undefined
  /** Called with each text of the current message, for example to apply a dictionary. */
  readonly message?: TextTransform | undefined
  /** Called with each text of the answer before it is stored and returned. A stream's events are not changed. */
  readonly answer?: TextTransform | undefined
}

/** How a conversation is fitted into the model's context window. */
export interface WindowOptions {
  /**
   * What happens to messages that do not fit. `trim` drops the oldest, `summarise` replaces them by a summary, `refuse` rejects
   * with `context-too-long`. Default `trim`.
   */
  readonly overflow?: 'trim' | 'summarise' | 'refuse' | undefined
  /** Maximum tokens of input and answer together. Default: the model's context window, if it is known. */
  readonly contextWindow?: number | undefined
  /** Tokens reserved for the answer. Default: `maxTokens`, else a quarter of the window, at most 4 096. */
  readonly answerTokens?: number | undefined
  /** Counts the tokens of a message. Default: an estimate. */
  readonly countTokens?: TokenCounter | undefined
}

/** Model and prompt of a call that the service makes for titles or summaries. */
export interface UtilityCall {
  /** Default: the model of the turn, or of the conversation. */
  readonly model?: string | undefined
  /** System instructions of the call. */
  readonly prompt?: string | undefined
  readonly maxTokens?: number | undefined
}

/** Limits on attachments. */
export interface AttachmentLimits {
  /** Maximum size of one attachment in bytes. Default 10 MiB; `Infinity` for no maximum. */
  readonly maxBytes?: number | undefined
  /** Maximum number of attachments of one message. Default 10; `Infinity` for no maximum. */
  readonly maxPerMessage?: number | undefined
  /** Accepted media types, such as `image/png` or `audio/*`. Default: PNG, JPEG, WebP, GIF, audio, text, PDF, JSON. */
  readonly types?: readonly string[] | undefined
}

/** An agent as a chat service uses it, such as `createAgent` returns. */
export interface ChatAgent {
  readonly name: string
  /** Resolves to its instructions, tools and settings. A turn of an agent without `memory` sees no history and is not stored. */
  setup(defaults: AgentTarget): Promise<{
    readonly system: string
    readonly tools: readonly Tool[]
    readonly settings: Pick<ChatRequest, 'model' | 'provider' | 'responseFormat'>
    readonly memory: boolean
  }>
}

/** What the agents below an agent use where they have none of their own. */
export interface AgentTarget {
  readonly orchestrator?: Pick<Orchestrator, 'run' | 'estimateTokens'> | undefined
  readonly model?: string | undefined
  readonly provider?: string | undefined
}

/** Options of `createChatService`. */
export interface ChatServiceOptions {
  readonly orchestrator: Pick<Orchestrator, 'chatApiCall' | 'registry'> &
    Partial<Pick<Orchestrator, 'run' | 'estimateTokens' | 'reviewMessages' | 'logger' | 'costUsd'>>
  /** Default: the memory of this process. Unless `persist` is false, the service logs that once, at `warn`. */
  readonly store?: ChatStore | undefined
  /** Roles and permissions. Default: users see their own conversations and those that they are a member of. */
  readonly access?: AccessOptions | undefined
  /** Model and settings of conversations that have none of their own. */
  readonly defaults?:
    | {
        readonly model?: string | undefined
        readonly temperature?: number | undefined
        readonly maxTokens?: number | undefined
      }
    | undefined
  /** Whether a turn is stored if its request does not set `persist`. Default true. */
  readonly persist?: boolean | undefined
  /**
   * Default: the 20 newest messages, which grow to 39 before the oldest are dropped. For models that refuse reasoning after
   * a changed history: 100, which grow to 199.
   */
  readonly history?: HistoryBounds | undefined
  /** How images of past messages are sent. Default `describe-past`; `send-all` for models that refuse reasoning after a changed history. */
  readonly images?: ImageMode | undefined
  /** How a conversation is fitted into the model's context window. Default: the oldest messages are dropped. */
  readonly window?: WindowOptions | undefined
  /**
   * Called with the persona's name or id, of the request or the conversation. Returns the persona, or `undefined` if unknown.
   * A conversation keeps the persona's id if this function finds it by that. A failure ends the turn.
   */
  readonly persona?:
    | ((reference: string, identity: Identity) => ChatPersona | undefined | Promise<ChatPersona | undefined>)
    | undefined
  /** Agents that a request may name. Default: none. */
  readonly agents?: readonly ChatAgent[] | undefined
  /** Checks decisions about tool calls, for `continue`. Default: none are accepted. */
  readonly approvals?: Approvals | undefined
  /**
   * Composes instructions and messages. With it, only `texts.answer` and, for greetings, `texts.placeholders` are used.
   * Default: instructions, lore and greeting of the persona, without templates.
   */
  readonly composer?: TurnComposer | undefined
  /**
   * Steps that every message of a user passes before it is stored: of `send`, `resend`, `post`, `editMessage` and `import`,
   * imported messages of all roles. Default: none.
   */
  readonly pipeline?: DraftPipeline | undefined
  /** Functions that change texts before they are sent or stored. Default: none. */
  readonly texts?: TextOptions | undefined
  /** Prices in US dollars, `null` if unknown: called with the usage of every response. Default: that of the orchestrator. */
  readonly costUsd?: CostOf | undefined
  /** Makes a title after the first turn, once, in the background. Default: off. */
  readonly autoTitle?: boolean | UtilityCall | undefined
  /** How summaries are made. With `everyMessages`, one is made after that many new messages. Default: on demand only. */
  readonly summary?:
    | (UtilityCall & {
        readonly everyMessages?: number | undefined
        readonly lastMessages?: number | undefined
      })
    | undefined
  /** Maximum number of tool rounds in one turn. The call after the last one has no tools, so that it answers. Default 8. */
  readonly maxToolRounds?: number | undefined
  /** Maximum time of one call of the store and of one transaction, in ms. Default 10 000; 0 or `Infinity`: none. */
  readonly storeTimeoutMs?: number | undefined
  /** Maximum time of one run of a tool in ms, unless the tool sets its own. Default 15 000; 0 or `Infinity`: none. */
  readonly toolTimeoutMs?: number | undefined
  /** Limits on attachments. */
  readonly attachments?: AttachmentLimits | undefined
  /** Default: off. */
  readonly audit?: AuditOptions | undefined
  /** Default: that of the orchestrator. */
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
}

const utilityRows = (): Rows<UtilityCall> => ({ model: text, prompt: text, maxTokens: positiveCount })
const utilitySchema = optionsSchema<UtilityCall>()(utilityRows)

/** The schema of {@link ChatServiceOptions}. */
export const chatServiceSchema: Group = optionsSchema<ChatServiceOptions>()(() => ({
  orchestrator: required(ofMethods('an orchestrator, such as createOrchestrator returns', 'chatApiCall')),
  store: ofMethods('a chat store, such as createMemoryStore or another adapter returns', 'transaction'),
  access: accessSchema,
  defaults: defaultsSchema,
  persist: flag,
  history: historySchema,
  images: oneOf(...IMAGE_MODES),
  window: windowSchema,
  persona: callable,
  agents: listOf(withMethods('setup')),
  approvals: withMethods('decide', 'check'),
  composer: withMethods('compose'),
  pipeline: withMethods('run'),
  texts: textsSchema,
  costUsd: callable,
  autoTitle: anyOf(flag, utilitySchema),
  summary: summarySchema,
  maxToolRounds: count,
  storeTimeoutMs: milliseconds,
  toolTimeoutMs: orInfinity(milliseconds),
  attachments: attachmentsSchema,
  audit: auditSchema,
  logger: loggerField,
  clock: clockField,
}))

const defaultsSchema = optionsSchema<NonNullable<ChatServiceOptions['defaults']>>()(() => ({
  model: text,
  temperature: number({ min: 0, max: 2 }),
  maxTokens: positiveCount,
}))
const historySchema = optionsSchema<HistoryBounds>()(() => ({
  maxMessages: number({ whole: true, min: 0, max: 200 }),
  maxTokens: orInfinity(count),
}))
const windowSchema = optionsSchema<WindowOptions>()(() => ({
  overflow: oneOf('trim', 'summarise', 'refuse'),
  contextWindow: positiveCount,
  answerTokens: count,
  countTokens: callable,
}))
const textsSchema = optionsSchema<TextOptions>()(() => ({
  placeholders: callable,
  system: callable,
  message: callable,
  answer: callable,
}))
const summarySchema = optionsSchema<NonNullable<ChatServiceOptions['summary']>>()(() => ({
  ...utilityRows(),
  everyMessages: positiveCount,
  lastMessages: number({ whole: true, min: 2, max: 200 }),
}))
const attachmentsSchema = optionsSchema<AttachmentLimits>()(() => ({
  maxBytes: orInfinity(count),
  maxPerMessage: orInfinity(count),
  types: listOf(
    matching(/^[a-z0-9.+-]+\/([a-z0-9.+-]+|\*)$/, 'a media type in lower case, such as image/png or audio/*'),
  ),
}))

function ofMethods(expected: string, ...methods: readonly string[]): Field {
  return kind(expected, withMethods(...methods).fits)
}

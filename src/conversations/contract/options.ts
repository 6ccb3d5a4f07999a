import { LlmError } from '../../core/error.ts'
import type { Clock } from '../../core/clock.ts'
import type { Logger } from '../../core/log.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Message } from '../../core/message.ts'
import type { MessageInput } from '../../core/request.ts'
import type { ChatResponse, Warning } from '../../core/response.ts'
import type { Orchestrator } from '../../orchestrator/index.ts'
import type { ChatStore } from '../storage/index.ts'
import type { AuditOptions } from './audit.ts'
import type { AccessOptions, Identity } from './permissions.ts'
import type { ChatPersona } from './persona.ts'

/** How much of a conversation goes with a call. What is left out is always the oldest. */
export interface HistoryBounds {
  /** Newest turns at most, system turns not counted. Default 20, at most 200. */
  readonly maxMessages?: number | undefined
  /** Tokens of history at most. Default: no bound of its own. */
  readonly maxTokens?: number | undefined
}

/** Counts the tokens of one turn. */
export type TokenCounter = (message: Message) => number

/**
 * What becomes of the images of past turns; those of the turn being sent always go with it. `send_all`: all go again ·
 * `send_last_user_image`: the user's newest goes, unless the turn being sent shows one itself · `tag_past`: a mark says where
 * one was · `ignore_past`: they are left out.
 */
export type ImageMode = 'send_all' | 'send_last_user_image' | 'tag_past' | 'ignore_past'

export const IMAGE_MODES: readonly ImageMode[] = [
  'send_all',
  'send_last_user_image',
  'tag_past',
  'ignore_past',
]

/** What is known when a text is made ready. */
export interface TextContext {
  readonly identity: Identity
  readonly conversationId: string
  readonly persona: ChatPersona | undefined
  /** Names for placeholders: defaults `Character` and `User`. */
  readonly charName: string
  readonly userName: string
  /** The request's instructions, before any template. */
  readonly system: string | undefined
  readonly template: string | undefined
  readonly templateData: JsonObject | undefined
}

/** What a composer makes instructions and turns of. */
export interface ComposeInput {
  /** Past turns and the turn being sent, the newest last; no system turns. */
  readonly messages: readonly MessageInput[]
  /** The request's instructions. */
  readonly system?: string | undefined
  readonly persona?: ChatPersona | undefined
  readonly template?: string | object | undefined
  readonly data?: Readonly<Record<string, unknown>> | undefined
  readonly user?: string | undefined
}

/** Fills in personas, templates and placeholders: `createPromptComposer()` of `llm-switchyard/prompts` is one. */
export interface TurnComposer {
  /** Gives each turn in its place, and instructions behind them at most. */
  compose(input: ComposeInput): Promise<{
    readonly system: string | undefined
    readonly messages: readonly MessageInput[]
    readonly warnings: readonly Warning[]
  }>
}

type TextChange<T extends string | undefined = string> = (text: T, context: TextContext) => T | Promise<T>

/** Changes of texts on their way. What the store keeps is what the user wrote and what the model answered, before them. */
export interface TextOptions {
  /** Replaces placeholders, in history, instructions and first messages; never in the turn being sent. */
  readonly placeholders?: ((text: string, context: TextContext) => string) | undefined
  /** Makes the system instructions: gets what was found so far, from the request or the persona. */
  readonly system?: TextChange<string | undefined> | undefined
  /** Changes each text of the turn being sent: a template, a dictionary. */
  readonly message?: TextChange | undefined
  /** Changes the answer's text before it is kept and given back; of a stream, only what is kept: a dictionary. */
  readonly answer?: TextChange | undefined
}

/** What to do where a conversation outgrows the model's window. */
export interface WindowOptions {
  /** `trim`: the oldest turns are left out · `summarise`: they are told in short · `refuse`: `context-too-long`. Default `trim`. */
  readonly overflow?: 'trim' | 'summarise' | 'refuse' | undefined
  /** Most tokens of prompt and answer together, also for models whose window is not known. Default: the model’s own window. */
  readonly contextWindow?: number | undefined
  /** Room kept for the answer. Default: `maxTokens`, else a quarter of the window, at most 4 096. */
  readonly answerTokens?: number | undefined
  readonly countTokens?: TokenCounter | undefined
}

/** A small call that the service makes on its own. */
export interface UtilityCall {
  /** Default: the model of the conversation. */
  readonly model?: string | undefined
  /** Its instructions. */
  readonly prompt?: string | undefined
  readonly maxTokens?: number | undefined
}

/** What may be attached. */
export interface AttachmentLimits {
  /** Of one attachment, in bytes. Default 10 MiB. */
  readonly maxBytes?: number | undefined
  /** Of one message. Default 10. */
  readonly maxPerMessage?: number | undefined
  /** Media types, `*` for any rest: `image/*`. Default: images but SVG, sound, text, PDF, JSON. */
  readonly types?: readonly string[] | undefined
}

/** Options of `createChatService`. */
export interface ChatServiceOptions {
  readonly orchestrator: Pick<Orchestrator, 'chatApiCall' | 'registry'>
  /** Left out: turns are answered and forgotten, and everything that needs a store is refused. */
  readonly store?: ChatStore | undefined
  /** Who may do what. Left out: users see what is their own, and conversations that they are members of. */
  readonly access?: AccessOptions | undefined
  /** Model and settings of conversations that say none of their own. */
  readonly defaults?:
    | {
        readonly model?: string | undefined
        readonly temperature?: number | undefined
        readonly maxTokens?: number | undefined
      }
    | undefined
  /** Whether turns are kept whose request does not say. Default true. */
  readonly persist?: boolean | undefined
  /** Default: the 20 newest turns. */
  readonly history?: HistoryBounds | undefined
  /** Default `tag_past`. */
  readonly images?: ImageMode | undefined
  readonly window?: WindowOptions | undefined
  /** Finds a persona by the name or id that a request or a conversation gives. */
  readonly persona?:
    | ((reference: string, identity: Identity) => ChatPersona | undefined | Promise<ChatPersona | undefined>)
    | undefined
  /** Makes instructions and turns ready to be sent. With it, of `texts` only `answer` and the placeholders of greetings count. */
  readonly composer?: TurnComposer | undefined
  readonly texts?: TextOptions | undefined
  /** Price of an answer in dollars; `null` or `undefined` where it is not known. Default: not known. */
  readonly costOf?: ((response: ChatResponse) => number | null | undefined) | undefined
  /** Titles a conversation after its first turn, once, without anybody waiting. Default: not. */
  readonly autoTitle?: boolean | UtilityCall | undefined
  /** How summaries are made, and after how many new messages one is made without being asked for. Default: on demand only. */
  readonly summary?:
    | (UtilityCall & {
        readonly everyMessages?: number | undefined
        readonly lastMessages?: number | undefined
      })
    | undefined
  /** Most rounds of tool calls in one turn. Default 8. */
  readonly maxToolRounds?: number | undefined
  readonly attachments?: AttachmentLimits | undefined
  readonly audit?: AuditOptions | undefined
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
}

const OPTION_NAMES: ReadonlySet<string> = new Set([
  'orchestrator',
  'store',
  'access',
  'defaults',
  'persist',
  'history',
  'images',
  'window',
  'persona',
  'composer',
  'texts',
  'costOf',
  'autoTitle',
  'summary',
  'maxToolRounds',
  'attachments',
  'audit',
  'logger',
  'clock',
])

/** Checks the options; throws `misconfigured` naming the field. A misspelt guard would guard nothing. */
export function checkOptions(options: ChatServiceOptions): void {
  const odd = Object.keys(options).find((name) => !OPTION_NAMES.has(name))
  if (odd !== undefined) fail(odd, `is not an option; known: ${[...OPTION_NAMES].join(', ')}`)
  if (typeof options.orchestrator?.chatApiCall !== 'function')
    fail('orchestrator', 'is missing: give what createOrchestrator returns')
  if (options.store !== undefined && typeof options.store.transaction !== 'function')
    fail('store', 'is no chat store: give what createMemoryStore or another adapter returns')
  for (const name of Object.keys(options.access ?? {}))
    if (!['orgRole', 'projectRole', 'allow'].includes(name)) fail(`access.${name}`, 'is not an option')
  if (options.images !== undefined && !IMAGE_MODES.includes(options.images))
    fail('images', `is one of ${IMAGE_MODES.join(', ')}`)
}

function fail(path: string, problem: string): never {
  throw new LlmError('misconfigured', `createChatService: ${path} ${problem}`, {
    issues: [{ path, message: problem }],
  })
}

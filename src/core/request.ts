import type { CredentialSource } from './credentials.ts'
import type { JsonObject, JsonValue } from './json.ts'
import type { AssistantPart, Message, TextPart, ToolCall, ToolResultPart, UserPart } from './message.ts'
import type { Logger } from './log.ts'
import type { LlmError } from './error.ts'
import type { ChatResponse } from './response.ts'
import type { KeySource } from './secret.ts'
import type { Transport } from './wire.ts'

/** Any schema library that speaks Standard Schema (zod, valibot, arktype …). Types only: nothing is inferred through it. */
export interface StandardSchema {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => unknown
    readonly jsonSchema?: unknown
  }
}
/** A JSON Schema object, or a Standard Schema from which one can be had. */
export type Schema = JsonObject | StandardSchema

/** What a tool may know while it runs. */
export interface ToolContext {
  readonly toolCallId: string
  readonly signal?: AbortSignal | undefined
}
/** A function that the model may ask for. */
export interface Tool {
  /** 1 to 64 of letters, digits, `_` and `-`. */
  readonly name: string
  readonly description?: string | undefined
  /** Shape of the arguments. Left out: no arguments. */
  readonly parameters?: Schema | undefined
  /** The same under the name that MCP and others use. */
  readonly inputSchema?: Schema | undefined
  /** Ask the vendor to hold the arguments to the schema, where it can. */
  readonly strict?: boolean | undefined
  /** Runs the tool. `chatApiCall` never calls it; tool loops do. */
  readonly execute?: ((args: never, context: ToolContext) => unknown) | undefined
}
export type ToolChoice = 'auto' | 'none' | 'required' | { readonly name: string }
export type ReasoningEffort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'
/** How much to think: an effort word, or a token budget, or both for whichever the model takes. */
export interface ReasoningSetting {
  readonly effort?: ReasoningEffort | undefined
  readonly budgetTokens?: number | undefined
}
/** The shape of the answer. With `schema`, `response.object` holds the parsed and checked value. */
export type ResponseFormat =
  | { readonly type: 'text' }
  | {
      readonly type: 'json'
      readonly schema?: Schema | undefined
      readonly name?: string | undefined
      readonly description?: string | undefined
      readonly strict?: boolean | undefined
    }

/** The neutral settings of a call. All optional; what a provider lacks gives a warning. */
export interface Settings {
  readonly maxTokens?: number | undefined
  readonly temperature?: number | undefined
  readonly topP?: number | undefined
  readonly topK?: number | undefined
  readonly minP?: number | undefined
  readonly stop?: string | readonly string[] | undefined
  readonly seed?: number | undefined
  readonly frequencyPenalty?: number | undefined
  readonly presencePenalty?: number | undefined
  readonly repetitionPenalty?: number | undefined
  /** Token id → bias, -100 to 100. */
  readonly logitBias?: Readonly<Record<string, number>> | undefined
  readonly logprobs?: boolean | undefined
  /** 0 to 20; implies `logprobs`. */
  readonly topLogprobs?: number | undefined
  /** How many answers. Default 1. */
  readonly n?: number | undefined
  /** Also OpenAI's `json_object` and `json_schema`, and a bare schema. */
  readonly responseFormat?: ResponseFormat | 'text' | 'json' | Schema | undefined
  readonly tools?: readonly (Tool | OpenAITool)[] | undefined
  readonly toolChoice?:
    | ToolChoice
    | { readonly type: 'function'; readonly function: { readonly name: string } }
    | undefined
  readonly parallelToolCalls?: boolean | undefined
  readonly reasoning?: ReasoningSetting | ReasoningEffort | boolean | undefined
  /** The end user's id, for the vendor's abuse checks. */
  readonly user?: string | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

/** Longest waits of one call, in milliseconds; 0 turns a check off. */
export interface Timeouts {
  /** To open the connection; never ends a slow answer. Default: the transport's own, 10 000. */
  readonly connectMs?: number | undefined
  /** From the start of the attempt to the response headers. Default 0. */
  readonly headersMs?: number | undefined
  /** From the start of the attempt to the first content. Default 300 000 for streams, 0 for plain calls. */
  readonly firstContentMs?: number | undefined
  /** Silence between two content events while the consumer waits. Default 60 000. */
  readonly idleMs?: number | undefined
  /** The whole call with all its attempts. Default 600 000. */
  readonly totalMs?: number | undefined
}
/** Bounds on what a provider may send. */
export interface StreamLimits {
  /** Bytes of answer text and reasoning (UTF-8). Default 10 MiB. */
  readonly maxBytes?: number | undefined
  /** Bytes of one event of a stream. Default 4 MiB. */
  readonly maxEventBytes?: number | undefined
  /** Bytes of a plain reply. Default 64 MiB. */
  readonly maxReplyBytes?: number | undefined
}

/** OpenAI's own part shapes, read as they are. */
export interface OpenAIImagePart {
  readonly type: 'image_url'
  readonly image_url: { readonly url: string; readonly detail?: string | undefined }
}
export interface OpenAIAudioPart {
  readonly type: 'input_audio'
  readonly input_audio: { readonly data: string; readonly format: string }
}
export interface OpenAIFilePart {
  readonly type: 'file'
  readonly file: { readonly file_data?: string; readonly file_id?: string; readonly filename?: string }
}
/** OpenAI's own shape of a tool call. */
export interface OpenAIToolCall {
  readonly id: string
  readonly type?: string | undefined
  readonly function: { readonly name: string; readonly arguments: string }
}
export interface SystemInput {
  readonly role: 'system' | 'developer'
  readonly content: string | readonly TextPart[]
}
export interface UserInput {
  readonly role: 'user'
  readonly content: string | readonly (UserPart | OpenAIImagePart | OpenAIAudioPart | OpenAIFilePart)[]
  readonly name?: string | undefined
}
export interface AssistantInput {
  readonly role: 'assistant'
  readonly content?:
    | string
    | readonly (AssistantPart | { readonly type: 'refusal'; readonly refusal: string })[]
    | null
    | undefined
  readonly name?: string | undefined
  readonly toolCalls?: readonly ToolCall[] | undefined
  readonly tool_calls?: readonly OpenAIToolCall[] | undefined
  readonly reasoning_content?: string | null | undefined
}
/** The result of a tool call: text, parts, or any JSON value, which is written down as JSON. */
export interface ToolInput {
  readonly role: 'tool'
  readonly toolCallId?: string | undefined
  readonly tool_call_id?: string | undefined
  readonly name?: string | undefined
  readonly content: string | readonly ToolResultPart[] | JsonValue
  readonly isError?: boolean | undefined
}
/** A turn as callers may write it: OpenAI's own shapes for tool calls and parts are read too. */
export type MessageInput = SystemInput | UserInput | AssistantInput | ToolInput
/** OpenAI's own shape of a tool. */
export interface OpenAITool {
  readonly type: 'function'
  readonly function: Tool
}

/** What every kind of call takes: where it goes, how, and for whom. */
export interface CallOptions {
  /** Provider id. Left out: the prefix of `model` (`anthropic/claude-…`). */
  readonly provider?: string | undefined
  readonly model?: string | undefined
  /** Default: the provider's own environment variable. */
  readonly apiKey?: KeySource | undefined
  /** For providers whose requests are signed. Default: the provider's own environment variables. */
  readonly credentials?: CredentialSource | undefined
  /** With its version part: `https://api.openai.com/v1`. */
  readonly baseUrl?: string | undefined
  /** Fills the variables of a provider's base URL, such as `region`. Default: the provider's own environment variables. */
  readonly variables?: Readonly<Record<string, string>> | undefined
  /** Chooses among several wire formats of one provider: `responses` at OpenAI. */
  readonly api?: string | undefined
  /** Headers of this call; `extraHeaders` is the same under its setting name. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly extraHeaders?: Readonly<Record<string, string>> | undefined
  /** Laid over the wire body as the last step, as it is. */
  readonly extraBody?: JsonObject | undefined
  readonly fetch?: typeof globalThis.fetch | undefined
  /** In place of `fetch`: for example `createUndiciTransport()`. */
  readonly transport?: Transport | undefined
  readonly signal?: AbortSignal | undefined
  readonly timeouts?: Timeouts | undefined
  readonly streamLimits?: StreamLimits | undefined
  /** What to do with a setting that the target lacks: `warn` sends the rest and says so, `error` refuses before anything is sent, `drop` is silent. Default `warn`. */
  readonly onUnsupported?: 'warn' | 'error' | 'drop' | undefined
  /** Targets to try after the asked-for one, `provider/model` each. In place of the orchestrator's. */
  readonly fallback?: readonly string[] | undefined
  /** When a stream breaks in the middle of its text, go on from there with a target that takes a beginning; told by a `continued` event. Default false. */
  readonly continuation?: boolean | undefined
  /** Who is served first where calls queue. Default `high` for a stream, `normal` for a whole answer. */
  readonly priority?: 'critical' | 'high' | 'normal' | 'low' | undefined
  /** Ids for limits of other layers than user and conversation: `{ tenant: 'acme' }`. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly userId?: string | undefined
  readonly conversationId?: string | undefined
  /** False: this call is not moderated. For calls of the host's own, never for a user's. Default true. */
  readonly moderation?: boolean | undefined
  /** Goes into logs, errors and events. Made when left out. */
  readonly requestId?: string | undefined
  readonly logger?: Logger | undefined
  /**
   * Runs once the call is admitted (limits, queue) and before anything is sent: for work that belongs to the call, such as
   * saving the user's turn. Told the messages as moderation has left them. Never runs for a call that is refused; what it
   * throws ends the call, with nothing sent or charged.
   */
  readonly onAdmitted?:
    | ((admitted: { readonly messages: readonly Message[] }) => void | Promise<void>)
    | undefined
  /** Told once when an answer that had begun is over, complete or cut, also one that nobody reads. Must not throw. */
  readonly onEnd?: ((answer: ChatResponse, error?: LlmError) => void) | undefined
}

/** A neutral request. */
export interface ChatRequest extends CallOptions, Settings {
  readonly messages: readonly MessageInput[]
  /** Instructions put before the messages. */
  readonly system?: string | undefined
  readonly stream?: boolean | undefined
}

/** Texts to be turned into vectors. */
export interface EmbedRequest extends CallOptions {
  readonly input: string | readonly string[]
  /** Length of the vectors, where the model lets it be chosen. */
  readonly dimensions?: number | undefined
  /** What the vectors are for, where the model cares. */
  readonly purpose?: 'query' | 'document' | 'similarity' | 'classification' | 'clustering' | undefined
  readonly user?: string | undefined
}

/** Texts to be judged by a provider's moderation endpoint. */
export interface ModerateRequest extends CallOptions {
  readonly input: string | readonly string[]
}

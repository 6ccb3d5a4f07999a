import type { CacheMark } from './cache-mark.ts'
import type { CredentialSource } from './credentials.ts'
import type { JsonObject, JsonValue } from './json.ts'
import type { AssistantPart, Message, TextPart, ToolCall, ToolResultPart, UserPart } from './message.ts'
import type { Logger } from './log.ts'
import type { LlmError } from './error.ts'
import type { ProviderId } from './model-ids.ts'
import type { Fallback } from './fallback.ts'
import type { ParentCall } from './parent-call.ts'
import type { ProviderOptions, WireOptions } from './provider-options.ts'
import type { ChatResponse } from './response.ts'
import type { ServerTool } from './server-tool.ts'
import type { KeySource } from './secret.ts'
import type { Transport } from './wire.ts'

/** A schema that implements Standard Schema (zod, valibot, arktype …). */
export interface StandardSchema {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => unknown
    readonly jsonSchema?: unknown
    /** The types of what the schema takes and gives. Only types: the field is never there. */
    readonly types?: { readonly input: unknown; readonly output: unknown } | undefined
  }
}
/** A JSON Schema object, or a Standard Schema that brings its JSON Schema. */
export type Schema = JsonObject | StandardSchema

/** The second argument of a tool's `execute`: for whom the tool runs, and what ends it. */
export interface ToolContext {
  readonly toolCallId: string
  /** Name of the tool, as the model called it. */
  readonly toolName?: string | undefined
  /** The same for every try of this call, also after a restart. Pass it on to systems that do a thing once for each key. */
  readonly idempotencyKey?: string | undefined
  /** Id of the run or turn. */
  readonly runId?: string | undefined
  /** Index of the step whose model call asked for the tool. */
  readonly step?: number | undefined
  /** Aborts when the tool's time has passed or the turn ends. */
  readonly signal?: AbortSignal | undefined
  /** The turn, for calls that the tool makes: `orchestrator.chatApiCall({ …, parent })`. */
  readonly parent?: ParentCall | undefined
  readonly requestId?: string | undefined
  readonly conversationId?: string | undefined
  /** Id of the assistant message that ends the answer, with a chat service. */
  readonly messageId?: string | undefined
  readonly userId?: string | undefined
  /** The caller's identity, as the application gave it to the run or the chat service. */
  readonly identity?: unknown
  /** What the caller may use. */
  readonly permissions?: readonly string[] | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly logger?: Logger | undefined
  /** Tells the readers of the stream how far the tool is, by a `tool-progress` event. Does nothing after the end of the tool. */
  readonly emit?: ((progress: JsonValue) => void) | undefined
}
/** A function that the model may call. */
export interface Tool {
  /** 1 to 128 letters, digits, `_`, `-`, `.`, `:` and `/`. What a provider refuses is replaced on its wire only. */
  readonly name: string
  readonly description?: string | undefined
  /** Schema of the arguments. Default: no arguments. */
  readonly parameters?: Schema | undefined
  /** The same, under the name that MCP uses. */
  readonly inputSchema?: Schema | undefined
  /** Whether the vendor shall enforce the schema, if it can. */
  readonly strict?: boolean | undefined
  /** Marks the end of a prefix that the vendor shall cache: all tools up to this one. */
  readonly cache?: boolean | CacheMark | undefined
  /** Fields of single providers, merged into the tool on the wire. */
  readonly providerOptions?: WireOptions | undefined
  /** Maximum time of one run in ms, by tool loops. Default 15 000; 0 or `Infinity`: the turn's own time alone. */
  readonly timeoutMs?: number | undefined
  /**
   * Whether a call of the tool waits for the decision of a person. A function is called with the checked arguments; if it
   * throws, a decision is needed. Default false.
   */
  readonly needsApproval?:
    | boolean
    | ((args: never, context: ToolContext) => boolean | Promise<boolean>)
    | undefined
  /** What the caller must be allowed: `read`, `write`, `deploy`, `admin`, or a word of the application. Default: nothing. */
  readonly permission?: string | undefined
  /** Archetypes of agents and capabilities that the tool is found by in a registry. */
  readonly tags?: readonly string[] | undefined
  /** Whether the tool runs alone, after the calls before it and before the calls after it. Default false. */
  readonly sequential?: boolean | undefined
  /** How often a failed run is repeated before the model gets the error. Default 0. */
  readonly retries?: number | undefined
  /** Maximum length of the result that the model gets, in UTF-16 units; a longer one is cut with a mark. Default 100 000. */
  readonly maxResultChars?: number | undefined
  /** Makes what the model gets of a result: text, parts or JSON. The page and the records get the whole result. */
  readonly toModelOutput?: ((result: never) => string | readonly ToolResultPart[] | JsonValue) | undefined
  /** Called by tool loops with the checked arguments. `chatApiCall` never calls it, and warns about it. */
  readonly execute?: ((args: never, context: ToolContext) => unknown) | undefined
}
export type ToolChoice = 'auto' | 'none' | 'required' | { readonly name: string }
/** Limits the model to some of the tools. `mode`: whether it must call one of them. Default `required`. */
export interface AllowedTools {
  readonly names: readonly string[]
  readonly mode?: 'auto' | 'required' | undefined
}
export type ReasoningEffort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'
/** How much to reason: an effort, a token budget, or both, of which the model's kind is sent. */
export interface ReasoningSetting {
  readonly effort?: ReasoningEffort | undefined
  readonly budgetTokens?: number | undefined
  /** False: the model does not think, and `effort` applies to its answer alone, if the vendor has that. Default true. */
  readonly thinking?: boolean | undefined
  /** Kind of summary of the reasoning to ask for, if the vendor returns one on request only (OpenAI). Default: none. */
  readonly summary?: 'auto' | 'concise' | 'detailed' | undefined
}
/** The format of the response. With `schema`, `response.object` is the parsed and checked value. */
export type ResponseFormat =
  | { readonly type: 'text' }
  | {
      readonly type: 'json'
      readonly schema?: Schema | undefined
      readonly name?: string | undefined
      readonly description?: string | undefined
      readonly strict?: boolean | undefined
      /**
       * How the model is asked for the value: by a parameter of its API, by a tool whose arguments are the value, or by an
       * instruction. It is read back as text either way. Default `auto`: the first of these that the target has.
       */
      readonly strategy?: 'auto' | 'native' | 'tool' | 'prompt' | undefined
    }

/** How the vendor caches the prompt. */
export interface CacheSetting extends CacheMark {
  /** Whether marks are placed as by `'auto'`. Default: only if neither `key` nor `id` is given. */
  readonly auto?: boolean | undefined
  /** Keeps calls with one key on one cache of the vendor, if it has such keys. */
  readonly key?: string | undefined
  /** Id of content that the vendor caches already (Gemini). The request must not repeat that content. */
  readonly id?: string | undefined
}

/** The neutral settings of a call. A setting that the target lacks gives a warning. */
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
  /** Bias by token id, -100 to 100. */
  readonly logitBias?: Readonly<Record<string, number>> | undefined
  readonly logprobs?: boolean | undefined
  /** Number of alternatives per token, 0 to 20; implies `logprobs`. */
  readonly topLogprobs?: number | undefined
  /** Number of responses, 1 to 128. Default 1. */
  readonly n?: number | undefined
  /** Format of the response. Also accepts OpenAI's `json_object` and `json_schema`, and a bare schema. */
  readonly responseFormat?: ResponseFormat | 'text' | 'json' | Schema | undefined
  readonly tools?: readonly (Tool | OpenAITool)[] | undefined
  /** Tools that the provider runs. Their steps are events, and parts of the message. */
  readonly serverTools?: readonly ServerTool[] | undefined
  readonly toolChoice?:
    | ToolChoice
    | AllowedTools
    | { readonly type: 'function'; readonly function: { readonly name: string } }
    | undefined
  readonly parallelToolCalls?: boolean | undefined
  readonly reasoning?: ReasoningSetting | ReasoningEffort | boolean | undefined
  /**
   * The vendor's prompt cache. `'auto'`: what does not change from call to call is cached, by the vendor's own rules or by
   * marks that are placed for it. Default: only what parts, tools and instructions mark by their own `cache`.
   */
  readonly cache?: 'auto' | CacheSetting | undefined
  /** The end user's id, for the vendor's abuse checks. */
  readonly user?: string | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

/** Timeouts of one call in ms, up to 2 147 483 647; 0 turns one off. */
export interface Timeouts {
  /** Maximum time to connect; does not bound a slow response. Default 10 000, by the transport. */
  readonly connectMs?: number | undefined
  /** Maximum time from the start of the attempt to the response headers. Default 0. */
  readonly headersMs?: number | undefined
  /** Maximum time from the start of the attempt to the first content. Default 300 000 for streams, 0 for whole calls. */
  readonly firstContentMs?: number | undefined
  /** Maximum time between two content events while the consumer waits. Default 60 000. */
  readonly idleMs?: number | undefined
  /** Maximum time of the call with all its attempts. Default 600 000. */
  readonly totalMs?: number | undefined
}
/** Limits of what a provider may send. */
export interface StreamLimits {
  /** Maximum UTF-8 bytes of text, reasoning and tool arguments. Default 10 MiB. */
  readonly maxBytes?: number | undefined
  /** Maximum size of one event of a stream, such as one that holds a whole image. Default: `maxReplyBytes`. */
  readonly maxEventBytes?: number | undefined
  /** Maximum bytes of a reply that is not streamed. Default 64 MiB. */
  readonly maxReplyBytes?: number | undefined
}

/** OpenAI's shape of an image part. */
export interface OpenAIImagePart {
  readonly type: 'image_url'
  readonly image_url: { readonly url: string; readonly detail?: string | null | undefined }
  readonly providerOptions?: WireOptions | undefined
}
export interface OpenAIAudioPart {
  readonly type: 'input_audio'
  readonly input_audio: { readonly data: string; readonly format: string }
  readonly providerOptions?: WireOptions | undefined
}
export interface OpenAIFilePart {
  readonly type: 'file'
  readonly file: {
    readonly file_data?: string | null
    readonly file_id?: string | null
    readonly filename?: string | null
  }
  readonly providerOptions?: WireOptions | undefined
}
/** OpenAI's shape of a tool call. */
export interface OpenAIToolCall {
  readonly id: string
  readonly type?: string | undefined
  readonly function: { readonly name: string; readonly arguments: string }
}
export interface SystemInput {
  readonly role: 'system' | 'developer'
  readonly content: string | readonly TextPart[]
  readonly name?: string | undefined
  readonly providerOptions?: WireOptions | undefined
  /** Marks the end of a prefix that the vendor shall cache: all up to the end of this message. */
  readonly cache?: boolean | CacheMark | undefined
}
export interface UserInput {
  readonly role: 'user'
  readonly content: string | readonly (UserPart | OpenAIImagePart | OpenAIAudioPart | OpenAIFilePart)[]
  readonly name?: string | undefined
  readonly providerOptions?: WireOptions | undefined
  readonly cache?: boolean | CacheMark | undefined
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
  /** OpenAI's field: the text of a refusal, if there is no other content. */
  readonly refusal?: string | null | undefined
  readonly providerOptions?: WireOptions | undefined
  readonly cache?: boolean | CacheMark | undefined
}
/** The result of a tool call: text, parts, or any other JSON value, which is sent as JSON text. */
export interface ToolInput {
  readonly role: 'tool'
  readonly toolCallId?: string | undefined
  readonly tool_call_id?: string | undefined
  readonly name?: string | undefined
  readonly content: string | readonly ToolResultPart[] | JsonValue
  readonly isError?: boolean | undefined
  readonly cache?: boolean | CacheMark | undefined
  readonly providerOptions?: WireOptions | undefined
}
/** A message as callers write it. OpenAI's shapes of tool calls and parts are accepted too. */
export type MessageInput = SystemInput | UserInput | AssistantInput | ToolInput
/** OpenAI's shape of a tool. */
export interface OpenAITool {
  readonly type: 'function'
  readonly function: Tool
}

/** Options of every kind of call: its target, how it is sent, and for whom. */
export interface CallOptions {
  /** Provider id. Default: the prefix of `model` (`anthropic/claude-…`). */
  readonly provider?: ProviderId | undefined
  /** A model of `provider`, or `provider/model`. */
  readonly model?: string | undefined
  /** The key. Default: the provider's environment variable. */
  readonly apiKey?: KeySource | undefined
  /** Credentials for providers with signed requests. Default: the provider's environment variables. */
  readonly credentials?: CredentialSource | undefined
  /** Base URL with its version part: `https://api.openai.com/v1`. Default: the provider's. */
  readonly baseUrl?: string | undefined
  /** Variables of the provider's base URL, such as `region`. Default: the provider's environment variables. */
  readonly variables?: Readonly<Record<string, string>> | undefined
  /** Selects one of several wire formats of a provider, such as `responses` of OpenAI. */
  readonly api?: string | undefined
  /** Headers of this call. `extraHeaders` does the same and wins. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly extraHeaders?: Readonly<Record<string, string>> | undefined
  /**
   * Merged over the wire body as the last step: objects key by key; the lists `tools`, `include` and `betas` are joined, where
   * a tool replaces one of its name; other values are replaced.
   */
  readonly extraBody?: JsonObject | undefined
  readonly fetch?: typeof globalThis.fetch | undefined
  /** Replaces `fetch`, for example by `createUndiciTransport()`. */
  readonly transport?: Transport | undefined
  readonly signal?: AbortSignal | undefined
  readonly timeouts?: Timeouts | undefined
  readonly streamLimits?: StreamLimits | undefined
  /** How to handle a setting that the target lacks: `warn` sends the rest with a warning, `error` throws before anything is sent, `drop` sends the rest with its warnings in the response alone, not as events. Default: the provider's in `createOrchestrator`, else its own, else `warn`. */
  readonly onUnsupported?: 'warn' | 'error' | 'drop' | undefined
  /** Targets to try after the requested one, `provider/model` each. Overrides the orchestrator's. */
  readonly fallback?: Fallback | undefined
  /** Whether another attempt continues a stream that breaks in its text, marked by a `continued` event. Only models that support prefill qualify. Default false. */
  readonly continuation?: boolean | undefined
  /** Priority in the queue. Default `high` for a stream, `normal` for a whole call. */
  readonly priority?: 'critical' | 'high' | 'normal' | 'low' | undefined
  /** Ids of limit layers besides user and conversation: `{ tenant: 'acme' }`. Users and conversations of two tenants are never the same. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly userId?: string | undefined
  /**
   * Whether the caller has no id, and counts as one user with all such callers of its tenant. For doors that strangers reach.
   * Default false: without `userId`, limits of users do not apply.
   */
  readonly anonymous?: boolean | undefined
  readonly conversationId?: string | undefined
  /**
   * Whether the application has checked that the caller may use this conversation. All its members then share one
   * conversation limit. Default false: every user has one of its own, because anybody can send the id.
   */
  readonly conversationChecked?: boolean | undefined
  /**
   * The call or turn that this call is made for, from the context of a tool or a moderator. The call takes its user,
   * conversation and tags, is not counted as another request, waits for no slot that the parent holds, and ends with it.
   */
  readonly parent?: ParentCall | undefined
  /** Whether this call is moderated. False is for the application's own calls, never for a user's. Default true. */
  readonly moderation?: boolean | undefined
  /** Id of the request in logs, errors and events. Default: a new one. */
  readonly requestId?: string | undefined
  readonly logger?: Logger | undefined
  /**
   * Called after limits and queue have admitted the call, before anything is sent, with the messages after moderation. For
   * work such as saving the user's message. Not called for a refused call. If it throws, the call ends with that error,
   * and nothing is sent or charged.
   */
  readonly onAdmitted?:
    | ((admitted: { readonly messages: readonly Message[] }) => void | Promise<void>)
    | undefined
  /** Called once when a started response ends, complete or cut, even if it is not read. Must not throw. */
  readonly onEnd?: ((answer: ChatResponse, error?: LlmError) => void) | undefined
}

/** A neutral chat request. */
export interface ChatRequest extends CallOptions, Settings {
  readonly messages: readonly MessageInput[]
  /** Instructions that are sent before the messages. */
  readonly system?: string | readonly TextPart[] | undefined
  /**
   * Fields of single providers by provider id: `{ anthropic: { service_tier: 'auto' } }`. They are merged over the wire body
   * before `extraBody`. Those of other providers are ignored, because a fallback may read them.
   */
  readonly providerOptions?: ProviderOptions | undefined
  /** What else the response holds. `raw`: the bodies and headers on the wire, without secrets, as `response.raw`. */
  readonly include?: readonly 'raw'[] | undefined
  readonly stream?: boolean | undefined
}

/** A request for the vectors of texts. */
export interface EmbedRequest extends CallOptions {
  readonly input: string | readonly string[]
  /** Length of the vectors, if the model has the setting. */
  readonly dimensions?: number | undefined
  /** Purpose of the vectors, if the model has the setting. */
  readonly purpose?: 'query' | 'document' | 'similarity' | 'classification' | 'clustering' | undefined
  readonly user?: string | undefined
}

/** A request to check texts by a provider's moderation endpoint. */
export interface ModerateRequest extends CallOptions {
  readonly input: string | readonly string[]
}

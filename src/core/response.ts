import type { JsonValue } from './json.ts'
import type { AssistantMessage, ToolCall } from './message.ts'

/** Why the model stopped. The vendor's value is in `rawFinishReason`. */
export type FinishReason = 'stop' | 'length' | 'tool-calls' | 'content-filter' | 'error' | 'other'

/** Token counts of one call, with the same meaning for every provider. */
export interface Usage {
  /** All prompt tokens, including those read from or written to a cache. */
  readonly inputTokens: number
  /** All generated tokens, including reasoning. */
  readonly outputTokens: number
  readonly totalTokens: number
  readonly cachedInputTokens?: number | undefined
  readonly cacheWriteTokens?: number | undefined
  readonly reasoningTokens?: number | undefined
  /** Whether the counts were estimated from the text, because the provider reported none. */
  readonly estimated?: boolean | undefined
}

/** A setting or message that was dropped or changed for a provider. Nothing is dropped without a warning. */
export interface Warning {
  /** `unsupported`: not sent. `changed`: sent with another value. `compatibility`: messages were adapted. */
  readonly type: 'unsupported' | 'changed' | 'compatibility' | 'other'
  /** The neutral setting that the warning is about. */
  readonly setting?: string | undefined
  /** Path of the field of the request that the warning is about: `messages.0.content.1.foo`. */
  readonly path?: string | undefined
  readonly message: string
}

/** A source of a part of the response. */
export interface Citation {
  readonly url?: string | undefined
  readonly title?: string | undefined
  /** The cited text, if the vendor gives it. */
  readonly text?: string | undefined
  /** Start of the range in the response's text, in UTF-16 units, if the vendor gives it. */
  readonly start?: number | undefined
  readonly end?: number | undefined
}

/** A file that the model generated: base64 data or a URL, with its media type. */
export interface GeneratedFile {
  readonly mediaType: string
  readonly data?: string | undefined
  readonly url?: string | undefined
  /** The vendor's opaque mark, which is sent back with the file. */
  readonly signature?: string | undefined
}

/** The log probability of one token, and of the likeliest alternatives if `topLogprobs` asks for them. */
export interface TokenLogprob {
  readonly token: string
  readonly logprob: number
  readonly top?: readonly { readonly token: string; readonly logprob: number }[] | undefined
}

/** One attempt of a call. `error` is set if it failed. */
export interface Attempt {
  readonly provider: string
  readonly model: string
  readonly durationMs: number
  readonly error?:
    | { readonly kind: string; readonly message: string; readonly status?: number | undefined }
    | undefined
}

/** One of several responses to a request (`n` above 1). */
export interface Choice {
  readonly index: number
  readonly text: string
  readonly reasoning: string
  readonly toolCalls: readonly ToolCall[]
  readonly finishReason: FinishReason
  readonly rawFinishReason?: string | undefined
  readonly message: AssistantMessage
}

/** The bodies and headers of one request, without keys and other secrets. */
export interface RawExchange {
  readonly request: {
    readonly url: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: JsonValue
  }
  readonly response: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    /** As far as it was read. */
    readonly body: string
  }
}

/** A complete response. Streamed and whole calls give the same shape. */
export interface ChatResponse<Parsed = JsonValue, Calls extends ToolCall = ToolCall> {
  /** The vendor's id of the response, if it gives one. */
  readonly id?: string | undefined
  readonly provider: string
  /** The model that answered, as the vendor names it. Default: the model of the request. */
  readonly model: string
  readonly text: string
  readonly reasoning: string
  readonly toolCalls: readonly Calls[]
  readonly citations: readonly Citation[]
  readonly files: readonly GeneratedFile[]
  readonly finishReason: FinishReason
  readonly rawFinishReason?: string | undefined
  readonly usage: Usage
  readonly warnings: readonly Warning[]
  /** The assistant message, to append to the history unchanged. */
  readonly message: AssistantMessage
  /** The parsed text, if `responseFormat` asks for JSON and the text is valid, also by the schema. */
  readonly object?: Parsed | undefined
  readonly logprobs?: readonly TokenLogprob[] | undefined
  /** All choices, if `n` is above 1; the fields above are those of the first. */
  readonly choices?: readonly Choice[] | undefined
  /** All attempts of this call, in order. */
  readonly attempts: readonly Attempt[]
  /** What went over the wire, if `include: ['raw']` asks for it. Of a continued answer: the last request. */
  readonly raw?: RawExchange | undefined
  /** The caller's id of the request: the given one, or the one made for it. */
  readonly requestId?: string | undefined
  /** The provider's id of the request, from its response headers. */
  readonly providerRequestId?: string | undefined
}

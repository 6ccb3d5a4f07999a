import type { JsonValue } from './json.ts'
import type { AssistantMessage, ToolCall } from './message.ts'

/** Why the model stopped. The vendor's own word is in `rawFinishReason`. */
export type FinishReason = 'stop' | 'length' | 'tool-calls' | 'content-filter' | 'error' | 'other'

/** Tokens of one call. The same meaning for every provider. */
export interface Usage {
  /** All prompt tokens, those read from or written to a cache included. */
  readonly inputTokens: number
  /** All generated tokens, reasoning included. */
  readonly outputTokens: number
  readonly totalTokens: number
  readonly cachedInputTokens?: number | undefined
  readonly cacheWriteTokens?: number | undefined
  readonly reasoningTokens?: number | undefined
  /** True where the provider reported nothing and the figures were estimated from the text. */
  readonly estimated?: boolean | undefined
}

/** Something that was lost, changed or noticed on the way. Nothing is dropped without one. */
export interface Warning {
  /** `unsupported`: not sent · `changed`: sent with another value · `compatibility`: the messages were adapted · `other`. */
  readonly type: 'unsupported' | 'changed' | 'compatibility' | 'other'
  /** The neutral setting it is about, if any. */
  readonly setting?: string | undefined
  readonly message: string
}

/** Where a part of the answer comes from. */
export interface Citation {
  readonly url?: string | undefined
  readonly title?: string | undefined
  /** The quoted or cited words, where the vendor gives them. */
  readonly text?: string | undefined
  /** Range in the answer's text, in UTF-16 units, where the vendor gives it. */
  readonly start?: number | undefined
  readonly end?: number | undefined
}

/** A file that the model made: base64 data with its media type, or an URL. */
export interface GeneratedFile {
  readonly mediaType: string
  readonly data?: string | undefined
  readonly url?: string | undefined
  /** The vendor's opaque mark, which goes back with the file. */
  readonly signature?: string | undefined
}

/** The log probability of one token, and of the likeliest others where asked for. */
export interface TokenLogprob {
  readonly token: string
  readonly logprob: number
  readonly top?: readonly { readonly token: string; readonly logprob: number }[] | undefined
}

/** One try of a call. */
export interface Attempt {
  readonly provider: string
  readonly model: string
  readonly durationMs: number
  readonly error?:
    | { readonly kind: string; readonly message: string; readonly status?: number | undefined }
    | undefined
}

/** One of several answers (`n` above 1). */
export interface Choice {
  readonly index: number
  readonly text: string
  readonly reasoning: string
  readonly toolCalls: readonly ToolCall[]
  readonly finishReason: FinishReason
  readonly rawFinishReason?: string | undefined
  readonly message: AssistantMessage
}

/** A whole answer: the same shape from a streamed and from a plain call. */
export interface ChatResponse {
  /** The vendor's id of the answer, where it gives one. */
  readonly id?: string | undefined
  readonly provider: string
  /** The model that answered, in the vendor's words where it says so. */
  readonly model: string
  readonly text: string
  readonly reasoning: string
  readonly toolCalls: readonly ToolCall[]
  readonly citations: readonly Citation[]
  readonly files: readonly GeneratedFile[]
  readonly finishReason: FinishReason
  readonly rawFinishReason?: string | undefined
  readonly usage: Usage
  readonly warnings: readonly Warning[]
  /** The assistant turn, to append to the history as it is. */
  readonly message: AssistantMessage
  /** The parsed answer where `responseFormat` asked for JSON and the text is valid JSON (and valid by the schema given). */
  readonly object?: JsonValue | undefined
  readonly logprobs?: readonly TokenLogprob[] | undefined
  /** All answers, where more than one was asked for; the fields above are those of the first. */
  readonly choices?: readonly Choice[] | undefined
  /** Every try of this call, in order. */
  readonly attempts: readonly Attempt[]
  /** The vendor's request id from its response headers. */
  readonly requestId?: string | undefined
}

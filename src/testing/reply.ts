import type { JsonValue } from '../core/json.ts'
import type { Citation, FinishReason, GeneratedFile, Usage } from '../core/response.ts'
import type { Chaos } from './chaos.ts'
import type { FakeError, ProviderErrorKind } from './fake-error.ts'

/** A tool call of the answer. */
export interface FakeToolCall {
  readonly name: string
  /** Default: no arguments. */
  readonly arguments?: JsonValue | undefined
  /** The arguments as the wire carries them, for text that is no JSON; where the wire carries a value, `arguments` goes. */
  readonly argumentsText?: string | undefined
  /** Default: one made from the number of the call. Gemini sends an id only where you give one. */
  readonly id?: string | undefined
  /** The vendor's mark on the call, which has to come back with it (Gemini's thought signature). */
  readonly signature?: string | undefined
}

/** Reasoning with what vendors put beside it. */
export interface FakeReasoning {
  readonly text?: string | readonly string[] | undefined
  /** Default: one made from the text, which the fake recognises when it comes back. */
  readonly signature?: string | undefined
  /** Thinking in encrypted form only (Anthropic). */
  readonly encrypted?: string | undefined
}

/**
 * How servers of the openai-chat format cut tool calls: `usual` as OpenAI does, and the odd ways of others. `whole`: a
 * call in one delta · `no-index` · `same-index`: 0 for every call · `no-id` · `late-id`: with the last piece · `late-name`:
 * with the second piece · `repeated`: id and name on every piece · `glued`: the end of a call and the start of the next in
 * one delta · `object`: arguments as an object, not as text. Other formats have one way, and pass this over.
 */
export type ToolDeltas =
  | 'usual'
  | 'whole'
  | 'no-index'
  | 'same-index'
  | 'no-id'
  | 'late-id'
  | 'late-name'
  | 'repeated'
  | 'glued'
  | 'object'

/** Waits of an answer, in milliseconds. */
export interface Pacing {
  /** From the request to the first content; a stream sends its headers and preamble at once. Default 0. */
  readonly firstMs?: number | undefined
  /** Between two pieces of content of a stream. Default 0. */
  readonly betweenMs?: number | undefined
}

/** What the fake model answers to one call. All fields are optional: `{}` is an empty answer. */
export interface FakeReply {
  /** The answer. A string is cut as `chunks` says, a list is sent piece by piece as it is. */
  readonly text?: string | readonly string[] | undefined
  readonly reasoning?: string | readonly string[] | FakeReasoning | undefined
  readonly toolCalls?: readonly FakeToolCall[] | undefined
  readonly citations?: readonly Citation[] | undefined
  /** Files that the model made. Anthropic's format has none. */
  readonly files?: readonly GeneratedFile[] | undefined
  /** What is missing is estimated from the texts; `false` reports none at all. Input includes what the cache gave. */
  readonly usage?: Partial<Usage> | false | undefined
  /** Default: `tool-calls` where there are some, otherwise `stop`. */
  readonly finishReason?: FinishReason | undefined
  /** The vendor's own word, in place of the one for `finishReason`. */
  readonly rawFinishReason?: string | undefined
  /** The model that claims to have answered. Default: the one that was asked for. */
  readonly model?: string | undefined
  /** How texts are cut into pieces: at words, or after so many characters. Default `words`. */
  readonly chunks?: 'words' | number | undefined
  readonly pacing?: Pacing | undefined
  /** Cuts the body into network writes of so many bytes, also inside characters. Default: one write for each event. */
  readonly packetBytes?: number | undefined
  /** More response headers: rate limits, a request id. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Refuses the call with an error in place of an answer; a kind alone, or the details. */
  readonly error?: ProviderErrorKind | FakeError | undefined
  /** What goes wrong on the way. */
  readonly chaos?: Chaos | undefined
  readonly toolDeltas?: ToolDeltas | undefined
}

import type { JsonValue } from '../core/json.ts'
import { optionsSchema } from '../core/options.ts'
import type { Citation, FinishReason, GeneratedFile, Usage } from '../core/response.ts'
import {
  anyObject,
  anyOf,
  json,
  kind,
  listOf,
  milliseconds,
  nonEmptyText,
  oneOf,
  positiveCount,
  recordOf,
  required,
  text,
  type Group,
} from '../core/schema.ts'
import { chaosField, type Chaos } from './chaos.ts'
import { fakeErrorField, type FakeError, type ProviderErrorKind } from './fake-error.ts'

/** A tool call of a reply. */
export interface FakeToolCall {
  readonly name: string
  /** Default: no arguments. */
  readonly arguments?: JsonValue | undefined
  /** The arguments as text, to send invalid JSON. Formats that carry a JSON value send `arguments` instead. */
  readonly argumentsText?: string | undefined
  /** Default: derived from the number of the call. Gemini sends an id only if one is given. */
  readonly id?: string | undefined
  /** The vendor's signature of the call, which has to be sent back with it (Gemini's thought signature). */
  readonly signature?: string | undefined
}

/** Reasoning, with its signature or in encrypted form. */
export interface FakeReasoning {
  readonly text?: string | readonly string[] | undefined
  /** Default: derived from the text; the fake verifies it when it is sent back. */
  readonly signature?: string | undefined
  /** Reasoning in encrypted form (Anthropic's redacted thinking, OpenAI's encrypted content). */
  readonly encrypted?: string | undefined
}

/**
 * How a server of the openai-chat format streams tool calls: `usual` as OpenAI does, the others as some compatible servers
 * do. `whole`: a call in one delta · `no-index` · `same-index`: 0 for every call · `no-id` · `late-id`: with the last delta ·
 * `late-name`: with the second delta · `repeated`: id and name in every delta · `glued`: the end of a call and the start of
 * the next in one delta · `object`: arguments as an object instead of text. Other formats ignore this.
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

/** Delays of a response, in milliseconds. */
export interface Pacing {
  /** Delay from the request to the first content; a stream sends headers and preamble at once. Default 0. */
  readonly firstMs?: number | undefined
  /** Delay between two content events of a stream. Default 0. */
  readonly betweenMs?: number | undefined
}

/** What the fake model answers to one call. All fields are optional: `{}` is an empty response. */
export interface FakeReply {
  /** The text. A string is split as `chunks` says; a list is streamed item by item. */
  readonly text?: string | readonly string[] | undefined
  readonly reasoning?: string | readonly string[] | FakeReasoning | undefined
  readonly toolCalls?: readonly FakeToolCall[] | undefined
  readonly citations?: readonly Citation[] | undefined
  /** Files that the model generated. Anthropic's format has none. */
  readonly files?: readonly GeneratedFile[] | undefined
  /** Missing fields are estimated from the texts; `false` reports no usage. Input includes cached tokens. */
  readonly usage?: Partial<Usage> | false | undefined
  /** Default: `tool-calls` if there are any, otherwise `stop`. */
  readonly finishReason?: FinishReason | undefined
  /** The finish reason on the wire. Default: the vendor's value for `finishReason`. */
  readonly rawFinishReason?: string | undefined
  /** The model that the reply names. Default: the requested one. */
  readonly model?: string | undefined
  /** How texts are split into deltas: at words, or after that many characters. Default `words`. */
  readonly chunks?: 'words' | number | undefined
  readonly pacing?: Pacing | undefined
  /** Size of the network writes in bytes; they may split characters. Default: one write for each event. */
  readonly packetBytes?: number | undefined
  /** Further response headers, such as rate limits or a request id. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Rejects the call with an error: its kind, or its details. */
  readonly error?: ProviderErrorKind | FakeError | undefined
  /** Fault of the response. */
  readonly chaos?: Chaos | undefined
  /** How tool calls are streamed in the openai-chat format. Default `usual`. */
  readonly toolDeltas?: ToolDeltas | undefined
}

const texts = anyOf(text, listOf(text))
const toolCallSchema = optionsSchema<FakeToolCall>()(() => ({
  name: required(nonEmptyText),
  arguments: json,
  argumentsText: text,
  id: text,
  signature: text,
}))
const reasoningSchema = optionsSchema<FakeReasoning>()(() => ({
  text: texts,
  signature: text,
  encrypted: text,
}))

/** The schema of {@link FakeReply}. */
export const replySchema: Group = optionsSchema<FakeReply>()(() => ({
  text: texts,
  reasoning: anyOf(text, listOf(text), reasoningSchema),
  toolCalls: listOf(toolCallSchema),
  citations: listOf(anyObject),
  files: listOf(anyObject),
  usage: anyOf(
    kind('false', (value) => value === false),
    anyObject,
  ),
  finishReason: nonEmptyText,
  rawFinishReason: text,
  model: text,
  chunks: anyOf(positiveCount, oneOf('words')),
  pacing: optionsSchema<Pacing>()(() => ({ firstMs: milliseconds, betweenMs: milliseconds })),
  packetBytes: positiveCount,
  headers: recordOf(text),
  error: fakeErrorField,
  chaos: chaosField,
  toolDeltas: oneOf(
    ...(['usual', 'whole', 'no-index', 'same-index', 'no-id'] as const),
    ...(['late-id', 'late-name', 'repeated', 'glued', 'object'] as const),
  ),
}))

import type { LlmError } from '../../core/error.ts'
import { optionsSchema } from '../../core/options.ts'
import { callOptions } from '../../core/request-schema.ts'
import type { CallOptions, ChatRequest } from '../../core/request.ts'
import type { ChatResponse } from '../../core/response.ts'
import {
  anyOf,
  callable,
  flag,
  milliseconds,
  nonEmptyText,
  oneOf,
  recordOf,
  text,
  type Group,
} from '../../core/schema.ts'
import { coalesceSchema } from './coalesce-text.ts'
import type { StreamingBodyOptions } from './streaming-body.ts'
import { guardRows, type CallerAccess, type GuardOptions } from './guards/index.ts'

type TargetOptions = Pick<
  CallOptions,
  'provider' | 'model' | 'api' | 'baseUrl' | 'apiKey' | 'fallback' | 'timeouts' | 'extraBody'
>

/** Target of a model name: `provider/model`, or options of the call. */
export type ModelTarget = string | TargetOptions

/** The endpoints that call a model. */
export type EndpointName = 'chat-completions' | 'responses' | 'messages' | 'embeddings'

/** A call that passed the guards. */
export interface CallInfo {
  readonly endpoint: EndpointName
  readonly requestId: string
  readonly access: CallerAccess
  /** Model name as the client wrote it. */
  readonly model: string
}

/** A call that ended. */
export interface CallEnd extends CallInfo {
  /** The response, partial if the call failed, and empty if nothing came. */
  readonly answer: ChatResponse
  /** The error that ended the call. Absent if the response is complete. */
  readonly error?: LlmError | undefined
}

/** Options of `createOpenAIHandler`. Only `authorize` is required. */
export interface OpenAIHandlerOptions extends GuardOptions {
  /** Model names that clients may use, with their targets. Default: every `provider/model` of the orchestrator. */
  readonly models?: Readonly<Record<string, ModelTarget>> | undefined
  /** Whether clients may also use `provider/model`. Default: only without `models`. */
  readonly anyModel?: boolean | undefined
  /**
   * What happens to unknown body fields. `ignore` drops them; `pass` adds sampling and decoding settings of other servers,
   * such as `guided_json`, to the provider's body, and drops the rest. Default `ignore`.
   */
  readonly unknownFields?: 'ignore' | 'pass' | undefined
  /** Path prefix before `/v1`, such as `/llm`. Default: none. */
  readonly basePath?: string | undefined
  /** Maximum silence of a stream before a heartbeat is sent, in milliseconds. Default 15 000; 0 turns heartbeats off. */
  readonly heartbeatMs?: number | undefined
  /**
   * Maximum time that a stream waits for its first content before it starts, in milliseconds. Later errors come inside
   * the stream, and heartbeats keep it alive. Default 15 000; 0: it starts with the first content only.
   */
  readonly startAfterMs?: number | undefined
  /** Merges small deltas. Default: off. */
  readonly coalesce?: StreamingBodyOptions['coalesce']
  /** Minimum time between two deltas, in milliseconds. Default 0. */
  readonly paceMs?: number | undefined
  /** Whether headers report the caller's remaining limits. Default true; without limits there are no headers. */
  readonly rateLimitHeaders?: boolean | undefined
  /** Called with each request before it is sent; returns the request to send. A thrown error rejects the request. */
  readonly prepare?:
    | ((request: ChatRequest, info: CallInfo) => ChatRequest | Promise<ChatRequest>)
    | undefined
  /**
   * Called once when a call of which anything was sent ends, complete or not, with its response: the place to save it. Not
   * waited for; an error goes to the `logger`. */
  readonly onEnd?: ((end: CallEnd) => unknown) | undefined
}

/** The schema of a {@link ModelTarget} that is no text. */
export const modelTargetSchema: Group = optionsSchema<TargetOptions>()(() => {
  const { provider, model, api, baseUrl, apiKey, fallback, timeouts, extraBody } = callOptions()
  return { provider, model, api, baseUrl, apiKey, fallback, timeouts, extraBody }
})
/** The schema of {@link OpenAIHandlerOptions}. */
export const openaiHandlerSchema: Group = optionsSchema<OpenAIHandlerOptions>()(() => ({
  ...guardRows(),
  models: recordOf(anyOf(nonEmptyText, modelTargetSchema)),
  anyModel: flag,
  unknownFields: oneOf('ignore', 'pass'),
  basePath: text,
  heartbeatMs: milliseconds,
  startAfterMs: milliseconds,
  coalesce: coalesceSchema,
  paceMs: milliseconds,
  rateLimitHeaders: flag,
  prepare: callable,
  onEnd: callable,
}))

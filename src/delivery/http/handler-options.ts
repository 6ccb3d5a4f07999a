import type { LlmError } from '../../core/error.ts'
import type { CallOptions, ChatRequest } from '../../core/request.ts'
import type { ChatResponse } from '../../core/response.ts'
import type { StreamingBodyOptions } from './streaming-body.ts'
import type { CallerAccess, GuardOptions } from './guards/index.ts'

/** Where a name of the gateway leads: `provider/model`, or the options of the call. */
export type ModelTarget =
  | string
  | Pick<
      CallOptions,
      'provider' | 'model' | 'api' | 'baseUrl' | 'apiKey' | 'fallback' | 'timeouts' | 'extraBody'
    >

/** The endpoints that ask a model. */
export type EndpointName = 'chat-completions' | 'responses' | 'messages' | 'embeddings'

/** A call behind the guards. */
export interface CallInfo {
  readonly endpoint: EndpointName
  readonly requestId: string
  readonly access: CallerAccess
  /** The model as the client named it. */
  readonly model: string
}

/** An answer that is over. */
export interface CallEnd extends CallInfo {
  /** As far as it came. */
  readonly answer: ChatResponse
  /** What cut it; none where it is whole. */
  readonly error?: LlmError | undefined
}

/** Options of `createOpenAIHandler`. Only `authorize` has to be given. */
export interface OpenAIHandlerOptions extends GuardOptions {
  /** Names that clients may use, and where each leads. Default: every `provider/model` of the orchestrator. */
  readonly models?: Readonly<Record<string, ModelTarget>> | undefined
  /** Serve `provider/model` beside the names in `models`. Default: only without `models`. */
  readonly anyModel?: boolean | undefined
  /** What becomes of body fields that are not known here: left out, or laid over the provider's body. Default `ignore`. */
  readonly unknownFields?: 'ignore' | 'pass' | undefined
  /** What the paths begin with before `/v1`: `/llm`. Default: nothing. */
  readonly basePath?: string | undefined
  /** Longest silence of a stream before a comment goes out, in milliseconds. Default 15 000; 0 turns it off. */
  readonly heartbeatMs?: number | undefined
  /** A stream without content begins after so long, so that heartbeats keep it alive; errors then come inside it. Default 15 000; 0: not before the first content. */
  readonly startAfterMs?: number | undefined
  /** Gathers small pieces of text. Default: off. */
  readonly coalesce?: StreamingBodyOptions['coalesce']
  /** Least time between two pieces of text, in milliseconds. Default 0. */
  readonly paceMs?: number | undefined
  /** Tell what is left of the caller's limits in headers. Default true; without limits there is nothing to tell. */
  readonly rateLimitHeaders?: boolean | undefined
  /** Changes a request before it goes out: instructions, tools, another model. What it throws refuses the request. */
  readonly prepare?:
    | ((request: ChatRequest, info: CallInfo) => ChatRequest | Promise<ChatRequest>)
    | undefined
  /** Told once when an answer that had begun is over, whole or cut, read or not: the place to save it. Must not throw. */
  readonly onEnd?: ((end: CallEnd) => void) | undefined
}

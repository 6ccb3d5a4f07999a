import type { Clock } from './clock.ts'
import type { Placing } from './fit/placing.ts'
import type { Schemas } from './fit/load-schemas.ts'
import type { CredentialSource } from './credentials.ts'
import type { JsonObject } from './json.ts'
import type { EventBatch, StreamEvent } from './event.ts'
import type { Fallback } from './fallback.ts'
import type { Logger } from './log.ts'
import type { Message } from './message.ts'
import type { ResolvedSettings } from './params.ts'
import type { CallScope } from './lifetime.ts'
import type { Lineage } from './parent-call.ts'
import type { ProviderOptions } from './provider-options.ts'
import type { Target } from './registry.ts'
import type { CallOptions, ChatRequest, StreamLimits, Timeouts } from './request.ts'
import type { KeySource } from './secret.ts'
import type { Attempt, Warning } from './response.ts'
import { LlmError } from './error.ts'
import type { ResponseStream } from './response-stream.ts'
import type { Transport, HttpResponse } from './wire.ts'

/** Redacts the events of one response. One per attempt, because it holds back events until they are decided. */
export interface OutputFilter {
  /** Adds the events of one network read. */
  push(batch: EventBatch): void
  /** Returns the events that are decided, within a few milliseconds. */
  drain(): StreamEvent[]
  /** Whether work is left: call `drain` again after yielding to the event loop. */
  readonly hasPending: boolean
  /** The error that ends the response; the events before it were returned. */
  readonly error: LlmError | undefined
}

/** URLs and headers of requests to one target, without the key. */
export interface Address {
  readonly baseUrl: string
  /** URL of the chat endpoint with its query, if the operation is `chat`. */
  readonly chatUrl: string
  readonly headers: Readonly<Record<string, string>>
}

/** The address of one target, computed at its first call. */
export interface PreparedEndpoint {
  /** Returns the address for `call`; `undefined` if the call has its own base URL, headers or variables. */
  addressOf(call: Call): Address | undefined
  /** Marks of requests that the target's remedy is applied to before they are sent. */
  readonly remedied: Set<string>
}

/** The operation of a call. */
export type OperationName = 'chat' | 'embed' | 'moderate' | 'list-models' | 'count-tokens' | (string & {})

/** A parsed request with its target and options: the input of every stage and of the exchange. */
export interface Call {
  readonly requestId: string
  /** The operation of the call. Most stages apply only to `chat`. */
  readonly operation: OperationName
  /** The caller's validated request: a `ChatRequest` if `operation` is `chat`. */
  readonly request: CallOptions
  readonly target: Target
  /** The targets of the call in the order of their attempts, this target first. */
  readonly candidates: readonly Target[]
  /** The attempts made so far. */
  readonly previousAttempts: readonly Attempt[]
  readonly messages: readonly Message[]
  readonly settings: ResolvedSettings
  readonly stream: boolean
  readonly scope: CallScope
  /** Makes one attempt at the target. Called after all stages. */
  readonly exchange: (call: Call) => Promise<ResponseStream>
  /** Whether the request supplied its own key or base URL for this target. Such a call uses no other deployment. */
  readonly hasOwnCredentials: boolean
  /** Called before each attempt. Moves the call's concurrency slot to this provider; returns `undefined` if it need not wait. */
  readonly acquireProviderSlot?: ((provider: string) => Promise<void> | undefined) | undefined
  /** Called with status and headers of every provider response, including errors. */
  readonly onResponseHead?: ((response: Pick<HttpResponse, 'status' | 'header'>) => void) | undefined
  /** Overrides the provider's base URL. */
  readonly baseUrl?: string | undefined
  readonly apiKey?: KeySource | undefined
  /** Index of `apiKey` in the application's list of keys, if it has several. */
  readonly apiKeyIndex?: number | undefined
  readonly credentials?: CredentialSource | undefined
  readonly variables?: Readonly<Record<string, string>> | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly providerOptions?: ProviderOptions | undefined
  readonly extraBody?: JsonObject | undefined
  readonly transport: Transport
  /** URL and headers that were computed once for the target. Valid if the call has no base URL, headers or variables of its own. */
  readonly prepared?: PreparedEndpoint | undefined
  readonly timeouts: Timeouts
  readonly streamLimits: StreamLimits & Required<Omit<StreamLimits, 'maxEventBytes'>>
  readonly onUnsupported: 'warn' | 'error' | 'drop'
  readonly include?: ChatRequest['include']
  /** Whether a stream that breaks inside its text is resumed on another target. Absent: as the application configured it. */
  readonly continuation?: boolean | undefined
  /** The functions about schemas, which the exchange loads for requests that have some. */
  readonly schemas?: Schemas | undefined
  /** What places options of providers, which the exchange loads for requests that have some. */
  readonly placing?: Placing | undefined
  /** Warnings of stages, added to those of the response. */
  readonly warnings?: readonly Warning[] | undefined
  readonly fallback?: Fallback | undefined
  readonly priority?: 'critical' | 'high' | 'normal' | 'low' | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly userId?: string | undefined
  readonly anonymous?: boolean | undefined
  readonly conversationId?: string | undefined
  /** The calls above this one. Absent: the call is made for no other. */
  readonly lineage?: Lineage | undefined
  readonly conversationChecked?: boolean | undefined
  /** False if the request turns moderation off. */
  readonly moderation?: boolean | undefined
  /** Creates the filter for the events of one attempt. Default: off. */
  readonly outputFilter?: (() => OutputFilter) | undefined
  /** Called with the unredacted text of every response, complete or cut. */
  readonly onRawText?: ((text: string) => void) | undefined
  readonly onAdmitted?: CallOptions['onAdmitted']
  readonly onEnd?: CallOptions['onEnd']
  /** Estimates the tokens of a text. Absent: the default estimator. */
  readonly estimateTokens?: ((text: string) => number) | undefined
  readonly clock: Clock
  readonly logger?: Logger | undefined
}

/** Adds the target of a call to an error from before its first attempt. */
export function withTarget(error: unknown, { target: { provider, model } }: Call): unknown {
  return LlmError.is(error) ? error.with({ provider, model }) : error
}

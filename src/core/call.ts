import type { Clock } from './clock.ts'
import type { CredentialSource } from './credentials.ts'
import type { JsonObject } from './json.ts'
import type { EventBatch, StreamEvent } from './event.ts'
import type { Logger } from './log.ts'
import type { Message } from './message.ts'
import type { ResolvedSettings } from './params.ts'
import type { Target } from './registry.ts'
import type { CallOptions, StreamLimits, Timeouts } from './request.ts'
import type { KeySource } from './secret.ts'
import type { Attempt, Warning } from './response.ts'
import { LlmError } from './error.ts'
import type { ResponseStream } from './response-stream.ts'
import type { Transport, HttpResponse } from './wire.ts'

/** The life of one call: ends by the caller's signal, the total deadline, or its own end. */
export interface CallScope {
  /** Why the call was ended from outside, once it was. */
  readonly error: LlmError | undefined
  /** Moment of the clock by which it ends, where that is bounded. */
  readonly deadlineAt?: number | undefined
  /** One bit per call stage that has passed the call on. */
  passed: number
  /** Runs `action` when the call is ended from outside; at once if it was already. Gives the way to take it back. */
  onAbort(action: (error: LlmError) => void): () => void
  /** Ends the call from outside. */
  abort(error: LlmError): void
  /** The call is over: timers and listeners are released. */
  release(): void
}

/** Takes out of the events of one answer what must not be given. Made per try: it may hold back what is not decided yet. */
export interface OutputFilter {
  /** Takes the events of one network read. */
  push(batch: EventBatch): void
  /** Gives the events that are decided, after a few milliseconds at most. */
  drain(): StreamEvent[]
  /** True where there is more to do: `work` again after others had their turn. */
  readonly hasPending: boolean
  /** Set once the answer has to end. What came before was given. */
  readonly error: LlmError | undefined
}

/** Where requests go, and with which headers, apart from the key. */
export interface Address {
  readonly baseUrl: string
  /** URL of the chat endpoint with its query, if the operation is `chat`. */
  readonly chatUrl: string
  readonly headers: Readonly<Record<string, string>>
}

/** The address of one target, computed at its first call. */
export interface PreparedEndpoint {
  /** The address for `call`; `undefined` if the call adds to what the address is made of. */
  addressOf(call: Call): Address | undefined
}

/** What a call asks of its provider. */
export type OperationName = 'chat' | 'embed' | 'moderate' | 'list-models' | (string & {})

/** A neutral request on its way: everything a stage or the exchange needs, passed whole. */
export interface Call {
  readonly requestId: string
  /** What the call is for. Most stages concern `chat` alone. */
  readonly operation: OperationName
  /** The request as the caller sent it, checked: a `ChatRequest` if `operation` is `chat`. */
  readonly request: CallOptions
  readonly target: Target
  /** The targets that may be tried, this one first. */
  readonly candidates: readonly Target[]
  /** The tries that were made already. */
  readonly previousAttempts: readonly Attempt[]
  readonly messages: readonly Message[]
  readonly settings: ResolvedSettings
  readonly stream: boolean
  readonly scope: CallScope
  /** The last step: one try of the target. */
  readonly exchange: (call: Call) => Promise<ResponseStream>
  /** True where the request itself brought a key or an address: it goes there, not to another deployment. */
  readonly hasOwnCredentials: boolean
  /** Asked before a try: counts the call for this provider and for no other. `undefined` where it may go on at once. */
  readonly acquireProviderSlot?: ((provider: string) => Promise<void> | undefined) | undefined
  /** Told the head of the provider's answer, good or bad. */
  readonly onResponseHead?: ((answer: Pick<HttpResponse, 'status' | 'header'>) => void) | undefined
  /** In place of the provider's own. */
  readonly baseUrl?: string | undefined
  readonly apiKey?: KeySource | undefined
  readonly credentials?: CredentialSource | undefined
  readonly variables?: Readonly<Record<string, string>> | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly extraBody?: JsonObject | undefined
  readonly transport: Transport
  /** URL and headers that were computed once for the target; they hold while the call changes none of what they were made of. */
  readonly prepared?: PreparedEndpoint | undefined
  readonly timeouts: Timeouts
  readonly streamLimits: Required<StreamLimits>
  readonly onUnsupported: 'warn' | 'error' | 'drop'
  /** Whether a stream that breaks inside its text is resumed on another target. Absent: as the application configured it. */
  readonly continuation?: boolean | undefined
  /** Warnings of stages, added to those of the response. */
  readonly warnings?: readonly Warning[] | undefined
  readonly fallback?: readonly string[] | undefined
  readonly priority?: 'critical' | 'high' | 'normal' | 'low' | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly userId?: string | undefined
  readonly conversationId?: string | undefined
  /** False where the request asks for no moderation. */
  readonly moderation?: boolean | undefined
  /** Makes what the events of a try's answer flow through. */
  readonly outputFilter?: (() => OutputFilter) | undefined
  /** Told the text of every answer, whole or cut, as the model gave it. */
  readonly onRawText?: ((text: string) => void) | undefined
  readonly onAdmitted?: CallOptions['onAdmitted']
  readonly onEnd?: CallOptions['onEnd']
  readonly clock: Clock
  readonly logger?: Logger | undefined
}

/** The error of a stage before the first attempt, with the target that the call was meant for. */
export function withTarget(error: unknown, { target: { provider, model } }: Call): unknown {
  return LlmError.is(error) ? error.with({ provider, model }) : error
}

import { optionsSchema } from '../../../core/options.ts'
import { chatSchema } from '../../../core/request-schema.ts'
import type { ChatRequest } from '../../../core/request.ts'
import {
  callable,
  count,
  flag,
  group,
  milliseconds,
  oneOf,
  text,
  withMethods,
  type Field,
  type Group,
} from '../../../core/schema.ts'
import type { RunRequest } from '../../../tools/index.ts'
import type { ChatStream } from '../../../stream/index.ts'
import type { Limiter } from '../../../limits/index.ts'
import { runHubRows, type ReplyStream, type RunHub, type RunHubOptions } from '../../runs/index.ts'
import { guardRows, type CallerAccess, type GuardOptions } from '../guards/index.ts'
import type { ChatInput } from './chat-input.ts'
import { coalesceSchema, type Coalesce } from '../coalesce-text.ts'
import { pageAllowanceSchema, type PageAllowance } from './page-allowance.ts'
import type { Decide } from './page-decisions.ts'
import { PROTOCOLS, type ChatProtocol } from './protocol.ts'

/** What `respond` receives beside the request. */
export interface ChatContext {
  /** Aborts when the answer is no longer needed. Pass it to the call. */
  readonly signal: AbortSignal
  readonly access: CallerAccess
  readonly request: Request
  readonly requestId: string
  readonly runId: string
  /** The page's conversation id, or a new one. The response names it unless the stream has its own. */
  readonly conversationId: string
}

/** Called with each page's request; returns the answer's stream. An error before a provider was called becomes a status, a later one a frame. */
export type Respond = (input: ChatInput, context: ChatContext) => ReplyStream | Promise<ReplyStream>

/** What a chat handler calls: an orchestrator, or any object that streams chat responses. */
export interface ChatTarget {
  chatApiCall(request: ChatRequest & { readonly stream: true }): Promise<ChatStream>
  /** Runs the tools of `defaults` that have `execute`. Without it, their calls are left to the page. */
  run?(request: RunRequest & { readonly stream: true }): Promise<ReplyStream>
  readonly limiter?: Limiter | undefined
  /** Counts the tokens of a text, for streams that report no usage. Default: the built-in estimate. */
  readonly estimateTokens?: ((text: string) => number) | undefined
}
/** An object that answers requests itself. */
export interface ChatBackend {
  readonly respond: Respond
}

/** Options of `createChatHandler`. */
export interface ChatHandlerOptions
  extends
    Omit<GuardOptions, 'onClientGone'>,
    Pick<
      RunHubOptions,
      'log' | 'onSave' | 'onSaveFailed' | 'savePolicy' | 'saveWaitMs' | 'idleMs' | 'maxRuns' | 'maxReaders'
    > {
  /** Answers requests instead of a plain call of the target. */
  readonly respond?: Respond | undefined
  /** Defaults of every call: model, system, tools, settings. A page overrides only what `allow` opens. */
  readonly defaults?: Partial<ChatRequest> | undefined
  /** What pages may choose. Default: nothing; a request with a model, tools or settings of its own is rejected. */
  readonly allow?: PageAllowance | undefined
  /**
   * Called when a person at a page approves or denies a call that waits, with a chat service: signs the decision for the callers
   * who may decide, such as `({ call, approved, reason }, { userId }) => approvals.decide(call, { approved, reason, decidedBy: userId })`.
   * Pages of the AI SDK then get approval requests of their own kind, which need its version 6. Default: pages decide nothing.
   */
  readonly decide?: Decide | undefined
  /** Agent of the chat service that answers. Default: none; the service answers itself. */
  readonly agent?: string | undefined
  /** Path that the handler serves, such as `/api/chat`. Default: any path; its last segments select the route. */
  readonly basePath?: string | undefined
  /** Protocol of requests that name none. Default: `ui-message` for the AI SDK's requests, `sse` for others. */
  readonly protocol?: ChatProtocol | undefined
  /** Whether `stream_start` and `stream_end` events surround the frames of `sse`. Default false. */
  readonly streamFrames?: boolean | undefined
  /** Maximum number of concurrent streams of one user. Default 10; 0 for no maximum. */
  readonly maxStreamsPerUser?: number | undefined
  /** What happens to a stream when its last reader disconnects. Default `cancel`; `finish` completes and saves it. */
  readonly onClientGone?: RunHubOptions['onDisconnect']
  /** With `cancel`: how long a stream waits for a reader to reconnect, in milliseconds. Default 0. */
  readonly goneGraceMs?: number | undefined
  /**
   * Maximum time that a response waits for the provider before its first byte, in milliseconds. A provider's error
   * within that time becomes a status, a later one a frame. Default 0: the first byte is sent at once.
   */
  readonly holdMs?: number | undefined
  /** Maximum silence before a heartbeat is sent, in milliseconds. Default 15 000; 0 turns heartbeats off. */
  readonly heartbeatMs?: number | undefined
  /** Merges small deltas before they are stored and sent. Default: off. */
  readonly coalesce?: Coalesce | undefined
  /** Minimum time between two batches, in milliseconds. Default 0. */
  readonly paceMs?: number | undefined
  /** A run hub shared with other handlers or sockets; its own options apply, and the application closes it. Default: a new one with these options. */
  readonly runs?: RunHub | undefined
}

const defaultsSchema: Group = group(() => {
  const optional = (field: Field): Field => ({ ...field, isRequired: false })
  const fields = Object.entries(chatSchema.fields())
  return Object.fromEntries(fields.map(([name, field]) => [name, optional(field)]))
})

/** The schema of {@link ChatHandlerOptions}. */
export const chatHandlerSchema: Group = optionsSchema<ChatHandlerOptions>()(() => {
  const { onClientGone, ...guards } = guardRows()
  const { log, onSave, onSaveFailed, savePolicy, saveWaitMs, idleMs, maxRuns, maxReaders } = runHubRows()
  return {
    ...guards,
    log,
    onSave,
    onSaveFailed,
    savePolicy,
    saveWaitMs,
    idleMs,
    maxRuns,
    maxReaders,
    respond: callable,
    decide: callable,
    agent: text,
    defaults: defaultsSchema,
    allow: pageAllowanceSchema,
    basePath: text,
    protocol: oneOf(...PROTOCOLS),
    streamFrames: flag,
    maxStreamsPerUser: count,
    onClientGone,
    goneGraceMs: milliseconds,
    holdMs: milliseconds,
    heartbeatMs: milliseconds,
    coalesce: coalesceSchema,
    paceMs: milliseconds,
    runs: withMethods('start', 'attach', 'cancel', 'find', 'info', 'status', 'metrics', 'stats', 'close'),
  }
})

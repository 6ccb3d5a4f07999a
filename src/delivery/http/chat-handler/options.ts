import type { ChatRequest } from '../../../core/request.ts'
import type { ChatStream } from '../../../stream/index.ts'
import type { Limiter } from '../../../limits/index.ts'
import type { ReplyStream, RunHub, RunHubOptions } from '../../runs/index.ts'
import type { CallerAccess, GuardOptions } from '../guards/index.ts'
import type { ChatInput } from './chat-input.ts'
import type { Coalesce } from './coalesce-text.ts'
import type { ChatProtocol } from './protocol.ts'

/** What `respond` may know besides what was asked for. */
export interface ChatContext {
  /** Aborted when the answer is no longer wanted: pass it on. */
  readonly signal: AbortSignal
  readonly access: CallerAccess
  readonly request: Request
  readonly requestId: string
  readonly runId: string
}

/** Answers a page's request. What it rejects with before its upstream was asked becomes a status; later errors go into the stream. */
export type Respond = (input: ChatInput, context: ChatContext) => ReplyStream | Promise<ReplyStream>

/** What a chat handler stands on: an orchestrator, or anything that streams chat answers. */
export interface ChatTarget {
  chatApiCall(request: ChatRequest & { readonly stream: true }): Promise<ChatStream>
  readonly limiter?: Limiter | undefined
}
/** A service that answers by itself, with conversations of its own. */
export interface ChatBackend {
  readonly respond: Respond
}

/** Options of `createChatHandler`. */
export interface ChatHandlerOptions
  extends
    Omit<GuardOptions, 'onClientGone'>,
    Pick<
      RunHubOptions,
      'log' | 'onSave' | 'onSaveFailed' | 'savePolicy' | 'saveWaitMs' | 'idleMs' | 'maxRuns'
    > {
  /** In place of the call that the target makes. */
  readonly respond?: Respond | undefined
  /** Laid under every call: model, system, tools and settings of the host. A page may choose its own settings, but no keys or addresses. */
  readonly defaults?: Partial<ChatRequest> | undefined
  /** Path that it serves, such as `/api/chat`. Default: any; the last parts of the path decide. */
  readonly basePath?: string | undefined
  /** Protocol of requests that ask for none. Default: `ui-message` for the AI SDK's requests, `sse` for others. */
  readonly protocol?: ChatProtocol | undefined
  /** `stream_start` and `stream_end` around the frames of `sse`. Default false. */
  readonly streamFrames?: boolean | undefined
  /** Streams of one user at once. Default 10; 0 for no cap. */
  readonly maxStreamsPerUser?: number | undefined
  /** What becomes of a stream whose last reader goes. Default `cancel`; `finish` goes on and saves, so that a page may come back. */
  readonly onClientGone?: RunHubOptions['onDisconnect']
  /** With `cancel`: how long a page may be away, in milliseconds. Default 0. */
  readonly goneGraceMs?: number | undefined
  /**
   * How long an answer may wait for the provider before its first byte goes out, in milliseconds: a refusal within that
   * time is a status, a later one a frame. Default 0: the first byte goes at once.
   */
  readonly holdMs?: number | undefined
  /** Longest silence before a comment is sent, in milliseconds. Default 15 000; 0 for none. */
  readonly heartbeatMs?: number | undefined
  /** Gathers small pieces of text before they are kept and sent. Default: off. */
  readonly coalesce?: Coalesce | undefined
  /** Least time between two pieces, in milliseconds. Default 0. */
  readonly paceMs?: number | undefined
  /** Runs that other handlers or sockets share, with caps, policies and log of their own. Default: made of these options. The host closes the one it gives. */
  readonly runs?: RunHub | undefined
}

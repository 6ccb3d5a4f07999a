import type { LlmError } from '../../core/error.ts'
import type { Usage } from '../../core/response.ts'
import type { ChatMessage, ChatError } from './message-reducer.ts'
import type { RunPosition } from './request.ts'

/** `loading`: requested, no content yet. `streaming`: content has arrived. `stopping`: `stop` was called. */
export type ChatStatus = 'idle' | 'loading' | 'streaming' | 'stopping' | 'error'

/** The state of the connection, and what the client waits for. Times are in ms since 1970. */
export type ChatConnection =
  | { readonly state: 'closed' | 'opening' | 'open' | 'offline' | 'paused' }
  /** The connection was lost, or refused for now: attempt number `attempt` of `of` starts at `untilMs`. */
  | {
      readonly state: 'waiting'
      readonly attempt: number
      readonly of: number
      readonly untilMs: number
      readonly error: ChatError
    }
  /** The `throttle` option delays the next message. */
  | { readonly state: 'throttled'; readonly untilMs: number }

/** What a page shows. Immutable: a change makes a new object, in which unchanged parts keep their identity. */
export interface ChatState {
  readonly status: ChatStatus
  readonly connection: ChatConnection
  readonly conversationId: string
  readonly messages: readonly ChatMessage[]
  /** Messages that wait for the active answer, the network or the throttle. */
  readonly queue: readonly ChatMessage[]
  /** The error of the last answer, if the status is `error`. */
  readonly error?: LlmError | undefined
  /** Sum of the usage of all answers. */
  readonly usage?: Usage | undefined
  /** The stream run of the active answer, and the last frame that was read. */
  readonly run?: RunPosition | undefined
}

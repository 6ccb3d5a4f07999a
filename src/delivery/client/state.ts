import type { LlmError } from '../../core/error.ts'
import type { Usage } from '../../core/response.ts'
import type { ChatMessage, ChatError } from './message-reducer.ts'
import type { RunPosition } from './request.ts'

/** `loading`: asked, no content yet · `streaming`: content comes · `stopping`: the server was told to stop. */
export type ChatStatus = 'idle' | 'loading' | 'streaming' | 'stopping' | 'error'

/** Where the connection stands, and what is being waited for. Times are in milliseconds since 1970. */
export type ChatConnection =
  | { readonly state: 'closed' | 'opening' | 'open' | 'offline' | 'paused' }
  /** Lost, or refused for now: try `attempt` of `of` comes at `untilMs`. */
  | {
      readonly state: 'waiting'
      readonly attempt: number
      readonly of: number
      readonly untilMs: number
      readonly error: ChatError
    }
  /** The client's own throttle holds the next message back. */
  | { readonly state: 'throttled'; readonly untilMs: number }

/** What a page shows. A change makes a new object; what did not change keeps its identity. */
export interface ChatState {
  readonly status: ChatStatus
  readonly connection: ChatConnection
  readonly conversationId: string
  readonly messages: readonly ChatMessage[]
  /** Messages that wait: for the answer under way, the network, or the throttle. */
  readonly queue: readonly ChatMessage[]
  /** With status `error`: what went wrong. */
  readonly error?: LlmError | undefined
  /** Tokens of all answers together. */
  readonly usage?: Usage | undefined
  /** The stream under way, and the last frame that was taken in. */
  readonly run?: RunPosition | undefined
}

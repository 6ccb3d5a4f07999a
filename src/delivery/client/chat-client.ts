import type { JsonObject } from '../../core/json.ts'
import type { ChatFile, ChatMessage } from './message-reducer.ts'
import type { ChatState } from './state.ts'

/** What goes with a message. */
export interface SendOptions {
  /** Images and documents. */
  readonly files?: readonly ChatFile[] | undefined
  /** Fields of this request alone, over those of the client. */
  readonly body?: JsonObject | undefined
}

/** One conversation with a `createChatHandler`, in a browser or in Node. Its methods may be passed on without it. */
export interface ChatClient {
  readonly getState: () => ChatState
  /** Calls back after every change of the state, about once per network read. Returns how to end that. */
  readonly subscribe: (listener: (state: ChatState) => void) => () => void
  /**
   * Sends a message, after those that wait already. Resolves with the answer however it ended: its `status` says how;
   * with `undefined` where nobody waits for it any more. Rejects with `invalid-request` for an empty or too long text.
   */
  readonly send: (text: string, options?: SendOptions) => Promise<ChatMessage | undefined>
  /** Stops the answer under way, on the server too; what came of it stays. Messages that wait are sent next. */
  readonly stop: () => void
  /**
   * After a failure: takes the answer up where it broke off if the server still has it, otherwise asks again. At any
   * other time: asks again for the last answer. Resolves as `send`.
   */
  readonly retry: () => Promise<ChatMessage | undefined>
  /** Back to `idle` from `error`; messages that wait are sent. */
  readonly dismissError: () => void
  /** Takes a message out of the queue. False where it is not there. */
  readonly cancelQueued: (messageId: string) => boolean
  /** Shows a message that was pushed to the page; one with a known id is replaced. Without a `role` no model ever sees it. */
  readonly notify: (message: Pick<ChatMessage, 'text'> & Partial<ChatMessage>) => void
  /** Closes the connection without stopping the answer, and sends nothing, until `resume`. */
  readonly pause: () => void
  readonly resume: () => void
  /** Stops, forgets everything, what is stored too, and begins another conversation. */
  readonly reset: (conversationId?: string) => void
  /** Resolves once the store was read. */
  readonly ready: Promise<void>
  /** Closes the connection and releases every timer and listener. The answer is not stopped, and what is stored stays. */
  readonly dispose: () => void
}

import type { ChatMessage } from './message-reducer.ts'
import type { SendOptions } from './options.ts'
import type { ChatState } from './state.ts'

/** What a person has decided about a call that needs an approval. */
export interface ToolDecision {
  /** `id` of the tool part. */
  readonly toolCallId: string
  readonly approved: boolean
  /** Why, in words for the model. */
  readonly reason?: string | undefined
}

/**
 * One conversation with a `createChatHandler`, in a browser or in Node. Its methods do not use `this`: pass them on as they
 * are.
 */
export interface ChatClient {
  readonly getState: () => ChatState
  /**
   * Calls `listener` after every change of the state, about once per network read. What it throws goes to `onError`.
   * Returns the function that unsubscribes.
   */
  readonly subscribe: (listener: (state: ChatState) => void) => () => void
  /**
   * Sends a message, after those that are queued. Resolves with the answer, also a stopped or failed one: see its
   * `status`. Resolves with `undefined` if the message is cancelled, or the client reset or disposed, before the answer
   * ends. Rejects with `invalid-request` if the text is empty or too long.
   */
  readonly send: (text: string, options?: SendOptions) => Promise<ChatMessage | undefined>
  /** Stops the active answer, on the server too. The text so far stays, and queued messages are sent next. */
  readonly stop: () => void
  /**
   * After an error, resumes the answer if the server may still have it; otherwise requests a new one. Without an error,
   * regenerates the last answer. Resolves like `send`; never rejects.
   */
  readonly retry: () => Promise<ChatMessage | undefined>
  /**
   * Goes on with the answer whose calls need an approval, with the decisions about all of them. Resolves like `send`; with
   * `undefined` if no call waits. Needs `decide` of the chat handler.
   */
  readonly decide: (decisions: readonly ToolDecision[]) => Promise<ChatMessage | undefined>
  /** Sets the status from `error` to `idle`, and sends queued messages. */
  readonly dismissError: () => void
  /** Removes a message from the queue; its `send` resolves with `undefined`. Returns whether it was queued. */
  readonly cancelQueued: (messageId: string) => boolean
  /**
   * Adds a message that the application received elsewhere, or replaces the one with its id. Default `role`: `notice`,
   * which is never sent to a model.
   */
  readonly notify: (message: Pick<ChatMessage, 'text'> & Partial<ChatMessage>) => void
  /** Closes the connection without stopping the answer. Sends nothing until `resume`. */
  readonly pause: () => void
  /** Ends `pause`: resumes the answer and sends queued messages. */
  readonly resume: () => void
  /** Stops the active answer, deletes the conversation, also in the store, and starts a new one. Default id: a random one. */
  readonly reset: (conversationId?: string) => void
  /** Resolves when the store has been read; never rejects. */
  readonly ready: Promise<void>
  /**
   * Closes the connection and releases all timers and listeners. The answer is not stopped, and the stored conversation
   * stays.
   */
  readonly dispose: () => void
}

import type { Clock } from '../../core/clock.ts'
import { toLlmError, type LlmError } from '../../core/error.ts'
import { clientId, type ChatMessage } from './message-reducer.ts'
import type { ChatState } from './state.ts'

/** Holds the state of a chat and notifies its listeners of every change. */
export class ChatStateStore {
  current: ChatState
  readonly #clock: Clock
  readonly #onError: ((error: LlmError) => void) | undefined
  readonly #listeners = new Set<(state: ChatState) => void>()
  #isClosed = false

  constructor(clock: Clock, onError: ((error: LlmError) => void) | undefined, conversationId?: string) {
    this.#clock = clock
    this.#onError = onError
    this.current = emptyState(conversationId)
  }

  /** Calls `listener` after every change. Returns the function that removes it. */
  subscribe(listener: (state: ChatState) => void): () => void {
    // Wrapped, because the same function given twice is two listeners.
    const own = (state: ChatState): void => listener(state)
    if (!this.#isClosed) this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  /** Removes all listeners, and takes no new ones. */
  removeListeners(): void {
    this.#isClosed = true
    this.#listeners.clear()
  }

  set(change: Partial<ChatState>): void {
    this.current = { ...this.current, ...change }
    for (const listener of this.#listeners) this.guard(() => listener(this.current), 'A listener failed')
  }

  /** Replaces the state by that of an empty conversation. */
  clear(conversationId: string | undefined): void {
    this.set(emptyState(conversationId))
  }

  updateMessage(id: string, update: (message: ChatMessage) => ChatMessage): void {
    const messages = this.current.messages.map((message) => (message.id === id ? update(message) : message))
    this.set({ messages })
  }

  message(id: string): ChatMessage | undefined {
    return this.current.messages.find((message) => message.id === id)
  }

  newMessage(role: ChatMessage['role'], status: ChatMessage['status']): ChatMessage {
    const createdMs = this.#clock.epochMs()
    return { id: clientId('msg'), role, status, text: '', parts: [], createdMs }
  }

  /**
   * Runs a callback of the application. What it throws, or rejects with later, goes to `onError`, after `lead`, and not into
   * the chat.
   */
  guard(action: () => unknown, lead: string): void {
    void attempt(action, (error) => this.reportError(error, lead))
  }

  /** Calls `onError` with `error`, its message after `lead`. */
  reportError(error: unknown, lead: string): void {
    void attempt(() => this.#onError?.(toLlmError(error, 'misconfigured', lead)))
  }
}

// Without `failed`, the error handler itself failed, and no handler is left.
async function attempt(action: () => unknown, failed?: (error: unknown) => void): Promise<void> {
  try {
    await action()
  } catch (error) {
    failed?.(error)
  }
}

function emptyState(conversationId: string = clientId('conv')): ChatState {
  return {
    status: 'idle',
    connection: { state: 'closed' },
    conversationId,
    messages: [],
    queue: [],
    error: undefined,
    usage: undefined,
    run: undefined,
  }
}

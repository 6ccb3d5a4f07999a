import type { Clock } from '../../core/clock.ts'
import { toLlmError, type LlmError } from '../../core/error.ts'
import { clientId, type ChatMessage } from './message-reducer.ts'
import type { ChatState } from './state.ts'

/** The state that pages see, and those who look at it. */
export class ChatStateStore {
  state: ChatState
  readonly #clock: Clock
  readonly #onError: ((error: LlmError) => void) | undefined
  readonly #listeners = new Set<(state: ChatState) => void>()
  #isClosed = false

  constructor(clock: Clock, onProblem: ((error: LlmError) => void) | undefined, conversationId?: string) {
    this.#clock = clock
    this.#onError = onProblem
    this.state = emptyState(conversationId)
  }

  subscribe(listener: (state: ChatState) => void): () => void {
    // The same function given twice is two listeners.
    const own = (state: ChatState): void => listener(state)
    if (!this.#isClosed) this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  /** Nobody is told of anything any more. */
  removeListeners(): void {
    this.#isClosed = true
    this.#listeners.clear()
  }

  set(change: Partial<ChatState>): void {
    this.state = { ...this.state, ...change }
    for (const listener of this.#listeners) this.guard(() => listener(this.state), 'A listener failed')
  }

  clear(conversationId: string | undefined): void {
    this.set(emptyState(conversationId))
  }

  /** Changes one message. */
  change(id: string, by: (message: ChatMessage) => ChatMessage): void {
    this.set({ messages: this.state.messages.map((message) => (message.id === id ? by(message) : message)) })
  }

  message(id: string): ChatMessage | undefined {
    return this.state.messages.find((message) => message.id === id)
  }

  newMessage(role: ChatMessage['role'], status: ChatMessage['status']): ChatMessage {
    const createdMs = this.#clock.epochMs()
    return { id: clientId('msg'), role, status, text: '', parts: [], createdMs }
  }

  /** Runs what belongs to the page: what it throws stays outside of the chat. */
  guard(action: () => void, lead: string): void {
    try {
      action()
    } catch (error) {
      this.reportError(error, lead)
    }
  }

  reportError(error: unknown, lead: string): void {
    try {
      this.#onError?.(toLlmError(error, 'misconfigured', lead))
    } catch {
      // Who is told of problems has one: there is nobody left to tell.
    }
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

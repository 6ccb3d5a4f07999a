import { systemClock } from '../../core/clock.ts'
import type { JsonObject } from '../../core/json.ts'
import { AnswerLifecycle } from './answer-lifecycle.ts'
import type { ChatClient } from './chat-client.ts'
import { ChatPersistence } from './chat-persistence.ts'
import { ChatStateStore } from './chat-state-store.ts'
import { createConnectionGate, type ConnectionGate } from './connection-gate.ts'
import { textParts, totalUsage, type ChatMessage } from './message-reducer.ts'
import { readLimits, type ChatClientOptions, type SendOptions } from './options.ts'
import { browserPage } from './page-visibility.ts'
import { validateText } from './request-body.ts'
import { frameError } from './response-errors.ts'
import { SendQueue } from './send-queue.ts'
import type { ChatSnapshot } from './snapshot-storage.ts'

/** Creates the client of one conversation. Throws `misconfigured`, naming the option, if a value is out of range. */
export function createChatClient(options: ChatClientOptions): ChatClient {
  return new ChatSession(options)
}

/**
 * Connects the parts of one conversation. Messages pass from the queue to the answers, both write the state, and
 * persistence stores it when they report a change.
 */
class ChatSession implements ChatClient {
  readonly ready: Promise<void>
  readonly #options: ChatClientOptions
  readonly #state: ChatStateStore
  readonly #gate: ConnectionGate
  readonly #queue: SendQueue
  readonly #answers: AnswerLifecycle
  readonly #persistence: ChatPersistence
  readonly #unwatch: () => void
  /** After an error nothing is sent until `send`, `retry` or `dismissError`. */
  #isHalted = false
  #isDisposed = false

  constructor(options: ChatClientOptions) {
    const { clock = systemClock, page = browserPage(), onError, conversationId } = options
    this.#options = options
    this.#state = new ChatStateStore(clock, onError, conversationId)
    this.#gate = createConnectionGate(page, options.whenHidden === 'pause')
    const parts = {
      options,
      limits: readLimits(options),
      clock,
      state: this.#state,
      gate: this.#gate.state,
      snapshot: this.#snapshot,
      onLoad: this.#restore,
      isReady: () => this.#isUsable && !this.#isHalted && !this.#answers.isActive,
      send: (body: JsonObject | undefined) => this.#answers.request(body),
      onChange: this.#saveIfLoaded,
      onProgress: () => this.#persistence.saveSoon(),
      onFailed: () => (this.#isHalted = true),
      onIdle: () => this.#queue.sendNext(),
    }
    this.#persistence = new ChatPersistence(parts)
    this.#answers = new AnswerLifecycle(parts)
    this.#queue = new SendQueue(parts)
    this.#unwatch = this.#gate.watch(this.#onPageChange)
    this.ready = this.#persistence.load()
  }

  readonly getState: ChatClient['getState'] = () => this.#state.current

  readonly subscribe: ChatClient['subscribe'] = (listener) => this.#state.subscribe(listener)

  readonly send: ChatClient['send'] = (text, { files = [], body }: SendOptions = {}) => {
    const invalid = validateText(text, files.length > 0, this.#options.maxCharacters)
    if (invalid !== undefined) {
      const rejected = Promise.reject<undefined>(invalid)
      // Marked as handled, because callers may ignore the promise.
      rejected.catch(() => undefined)
      return rejected
    }
    if (this.#isDisposed) return Promise.resolve(undefined)
    const message = this.#state.newMessage('user', 'queued')
    const answered = this.#queue.add({ ...message, text, parts: [...textParts(text), ...files] }, body)
    this.#continue()
    return answered
  }

  readonly stop = (): void => this.#answers.stop()

  readonly retry: ChatClient['retry'] = () => {
    if (!this.#isUsable) return Promise.resolve(undefined)
    this.#isHalted = false
    return this.#answers.retry()
  }

  readonly decide: ChatClient['decide'] = (decisions) => {
    if (!this.#isUsable) return Promise.resolve(undefined)
    this.#isHalted = false
    return this.#answers.decide(decisions)
  }

  readonly dismissError = (): void => {
    this.#answers.discardInterrupted()
    if (this.#state.current.status === 'error') this.#state.set({ status: 'idle', error: undefined })
    this.#continue()
  }

  readonly cancelQueued = (messageId: string): boolean => {
    const isRemoved = this.#queue.cancel(messageId)
    if (isRemoved && this.#queue.messages.length === 0 && !this.#answers.isActive)
      this.#state.set({ connection: { state: 'closed' } })
    return isRemoved
  }

  readonly notify: ChatClient['notify'] = (given) => {
    const state = this.#state
    const parts = [{ type: 'text' as const, text: given.text }]
    const message: ChatMessage = { ...state.newMessage('notice', 'complete'), parts, ...given }
    if (state.message(message.id) !== undefined) state.updateMessage(message.id, () => message)
    else state.set({ messages: [...state.current.messages, message] })
    this.#saveIfLoaded()
  }

  readonly pause = (): void => this.#setPaused(true)

  readonly resume = (): void => this.#setPaused(false)

  readonly reset = (conversationId?: string): void => {
    this.#leave(true)
    this.#answers.reset()
    this.#isHalted = false
    if (!this.#isDisposed) this.#persistence.clear()
    this.#state.clear(conversationId)
  }

  readonly dispose = (): void => {
    if (this.#isDisposed) return
    this.#saveIfLoaded()
    this.#isDisposed = true
    this.#unwatch()
    this.#state.removeListeners()
    this.#leave(false)
  }

  get #isUsable(): boolean {
    return this.#persistence.isLoaded && !this.#isDisposed
  }

  #leave(stopsServer: boolean): void {
    this.#answers.abandon(stopsServer)
    this.#queue.clear()
  }

  #setPaused(isPaused: boolean): void {
    if (this.#isDisposed || !this.#gate.setPaused(isPaused)) return
    this.#answers.onGateChange(!isPaused)
    this.#queue.sendNext()
  }

  /** Sends the next message, also after an error. */
  #continue(): void {
    this.#isHalted = false
    this.#queue.sendNext()
  }

  readonly #onPageChange = (isBack: boolean): void => {
    // Stored at once, because the page may be about to close.
    this.#saveIfLoaded()
    this.#answers.onGateChange(isBack)
    if (isBack) this.#queue.sendNext()
  }

  readonly #saveIfLoaded = (): void => {
    if (this.#persistence.isLoaded) this.#persistence.save()
  }

  readonly #restore = (stored: ChatSnapshot | undefined): void => {
    if (this.#isDisposed) return
    // The messages of `notify` before the store was read.
    const added = this.#state.current.messages
    const { conversationId = stored?.conversationId } = this.#options
    if (stored !== undefined && conversationId === stored.conversationId) this.#show(stored)
    for (const message of added) this.notify(message)
    this.#queue.sendNext()
  }

  #show({ conversationId, messages, queue, open, lastRunId }: ChatSnapshot): void {
    const last = messages.findLast(({ role }) => role === 'assistant')
    const failed = last?.status === 'failed' ? last.error : undefined
    const error = failed && frameError({ code: failed.kind, message: failed.message })
    const status = error === undefined ? 'idle' : 'error'
    const usage = totalUsage(messages)
    this.#queue.restore(queue)
    this.#answers.lastRunId = open?.earlierRunId ?? lastRunId
    this.#state.set({ conversationId, messages, queue: this.#queue.messages, usage, status, error })
    this.#persistence.save()
    if (open !== undefined && last !== undefined) this.#answers.restore(open, last.id)
    else this.#isHalted = error !== undefined
  }

  readonly #snapshot = (): ChatSnapshot => {
    const { conversationId, messages } = this.#state.current
    return { version: 1, conversationId, messages, queue: this.#queue.records, ...this.#answers.record }
  }
}

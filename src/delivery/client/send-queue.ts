import type { Clock, Timer } from '../../core/clock.ts'
import type { JsonObject } from '../../core/json.ts'
import type { ChatStateStore } from './chat-state-store.ts'
import type { GateState } from './connection-gate.ts'
import type { ChatMessage } from './message-reducer.ts'
import type { ChatClientOptions } from './options.ts'
import type { QueuedMessage } from './snapshot-storage.ts'
import { Throttle } from './throttle.ts'

/** A message that waits to be sent. */
interface PendingMessage extends QueuedMessage {
  /** Called once with the answer, or with `undefined` if the message is not answered. */
  readonly settle: (answer: ChatMessage | undefined) => void
}

/** Dependencies of a {@link SendQueue}. */
export interface SendQueueParts {
  readonly clock: Clock
  readonly options: ChatClientOptions
  readonly state: ChatStateStore
  readonly gate: () => GateState
  /** Whether the session can send: it is loaded, not disposed, not halted, and has no active answer. */
  readonly isReady: () => boolean
  /** Called after each change of the queue. */
  readonly onChange: () => void
  /** Called with the `body` of a message that is now part of the conversation. Resolves with its answer. */
  readonly send: (body: JsonObject | undefined) => Promise<ChatMessage | undefined>
}

/** Holds messages in order and sends one at a time, as the connection, the throttle and the last error allow. */
export class SendQueue {
  readonly #parts: SendQueueParts
  readonly #throttle: Throttle
  readonly #pending: PendingMessage[] = []
  #timer: Timer | undefined
  /** Whether a message is being handed over; a listener may send another one meanwhile. */
  #isSending = false

  constructor(parts: SendQueueParts) {
    this.#parts = parts
    this.#throttle = new Throttle(parts.options.throttle)
  }

  get messages(): readonly ChatMessage[] {
    return this.#pending.map(({ message }) => message)
  }

  /** What is stored of the queue. */
  get records(): readonly QueuedMessage[] {
    return this.#pending.map(({ message, body }) => ({ message, body }))
  }

  /** Appends a message. Resolves with its answer, or with `undefined` if it is never sent. */
  add(message: ChatMessage, body: JsonObject | undefined): Promise<ChatMessage | undefined> {
    return new Promise((settle) => {
      this.#pending.push({ message, body, settle })
      this.#showPending()
    })
  }

  /** Puts stored messages before all others. The caller updates the state. */
  restore(records: readonly QueuedMessage[]): void {
    this.#pending.unshift(...records.map((record) => ({ ...record, settle: () => undefined })))
  }

  /** Removes a message. Returns whether it was waiting. */
  cancel(messageId: string): boolean {
    const at = this.#pending.findIndex(({ message }) => message.id === messageId)
    if (at < 0) return false
    for (const { settle } of this.#pending.splice(at, 1)) settle(undefined)
    this.#showPending()
    if (this.#pending.length === 0) this.#parts.clock.clearTimer(this.#timer)
    return true
  }

  /** Removes all messages; their promises resolve with `undefined`. */
  clear(): void {
    this.#parts.clock.clearTimer(this.#timer)
    for (const { settle } of this.#pending.splice(0)) settle(undefined)
  }

  /** Sends the first message if nothing holds it back; otherwise the state says what it waits for. */
  sendNext(): void {
    const { clock, state, gate, isReady, send } = this.#parts
    const [next] = this.#pending
    if (next === undefined || this.#isSending || !isReady()) return
    clock.clearTimer(this.#timer)
    const gateState = gate()
    if (gateState !== 'open') return state.set({ connection: { state: gateState } })
    const waitMs = this.#throttle.waitMs(clock.now())
    if (waitMs > 0) {
      this.#timer = clock.setTimer(() => this.sendNext(), waitMs)
      return state.set({ connection: { state: 'throttled', untilMs: clock.epochMs() + waitMs } })
    }
    this.#isSending = true
    this.#throttle.add(clock.now())
    this.#pending.shift()
    state.set({ messages: [...state.current.messages, { ...next.message, status: 'complete' }] })
    this.#showPending()
    void send(next.body).then(next.settle)
    this.#isSending = false
  }

  #showPending(): void {
    this.#parts.state.set({ queue: this.messages })
    this.#parts.onChange()
  }
}

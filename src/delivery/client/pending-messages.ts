import type { JsonObject } from '../../core/json.ts'
import type { ChatMessage } from './message-reducer.ts'
import type { QueuedMessage } from './snapshot-storage.ts'

/** Is told once how a message was answered. */
export type Settle = (answer: ChatMessage | undefined) => void

interface Waiting extends QueuedMessage {
  readonly settle: Settle
}

/** Messages that wait, in order. */
export class PendingMessages {
  readonly #waiting: Waiting[] = []

  get messages(): readonly ChatMessage[] {
    return this.#waiting.map(({ message }) => message)
  }

  get records(): readonly QueuedMessage[] {
    return this.#waiting.map(({ message, body }) => ({ message, body }))
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** Puts a message at the end. Resolves with its answer. */
  add(message: ChatMessage, body: JsonObject | undefined): Promise<ChatMessage | undefined> {
    return new Promise((settle) => void this.#waiting.push({ message, body, settle }))
  }

  /** Puts what was stored before everything else. */
  restore(records: readonly QueuedMessage[]): void {
    this.#waiting.unshift(...records.map((record) => ({ ...record, settle: () => undefined })))
  }

  /** Takes the first message out. */
  take(): Waiting | undefined {
    return this.#waiting.shift()
  }

  /** Takes a message out that is not to be sent. False where it is not there. */
  remove(messageId: string): boolean {
    const at = this.#waiting.findIndex(({ message }) => message.id === messageId)
    if (at < 0) return false
    for (const { settle } of this.#waiting.splice(at, 1)) settle(undefined)
    return true
  }

  clear(): void {
    for (const { settle } of this.#waiting.splice(0)) settle(undefined)
  }
}

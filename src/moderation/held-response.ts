import { responseToEvents } from '../core/accumulate-response.ts'
import type { LlmError } from '../core/error.ts'
import type { EventBatch } from '../core/event.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { Attempt, ChatResponse, Usage } from '../core/response.ts'

/** A whole response that moderation has released, delivered as one batch of events. */
export class HeldResponse implements ResponseStream {
  readonly provider: string
  readonly model: string
  readonly isWhole = true
  readonly #source: ResponseStream
  readonly #response: ChatResponse
  #events: EventBatch | null

  constructor(source: ResponseStream, response: ChatResponse) {
    this.provider = source.provider
    this.model = source.model
    this.#source = source
    this.#response = response
    this.#events = responseToEvents(response)
  }

  get attempts(): readonly Attempt[] {
    return this.#source.attempts
  }

  read(): Promise<EventBatch | null> {
    const events = this.#events
    this.#events = null
    return Promise.resolve(events)
  }

  cancel(): void {
    this.#events = null
  }

  onEnd(action: (error?: LlmError) => void): void {
    this.#source.onEnd(action)
  }

  usage(): Usage {
    return this.#response.usage
  }

  snapshot(attempts: readonly Attempt[] = this.#response.attempts): ChatResponse {
    return { ...this.#response, attempts }
  }
}

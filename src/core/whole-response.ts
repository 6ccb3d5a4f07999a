import { responseToEvents } from './response-events.ts'
import type { Call } from './call.ts'
import type { LlmError } from './error.ts'
import type { EventBatch } from './event.ts'
import type { ResponseStream } from './response-stream.ts'
import type { Attempt, ChatResponse, Usage } from './response.ts'

/**
 * The answer of a stage that does not call the provider: a text, or a whole response such as one from a cache. A text
 * uses no tokens. Streamed calls get it as one batch of events.
 */
export function createResponse(
  { target: { provider, model } }: Pick<Call, 'target'>,
  answer: string | ChatResponse,
): ResponseStream {
  return new WholeResponse(typeof answer === 'string' ? textResponse(answer, { provider, model }) : answer)
}

function textResponse(
  text: string,
  from: { readonly provider: string; readonly model: string },
): ChatResponse {
  return {
    ...from,
    text,
    reasoning: '',
    toolCalls: [],
    citations: [],
    files: [],
    finishReason: 'stop',
    usage: { inputTokens: 0, outputTokens: 0, totalTokens: 0 },
    warnings: [],
    message: { role: 'assistant', content: text },
    attempts: [],
  }
}

/** A response that is whole already. With a `source`, it ends when that one ends, and has its attempts. */
export class WholeResponse implements ResponseStream {
  readonly provider: string
  readonly model: string
  readonly isWhole = true
  readonly #response: ChatResponse
  readonly #source: ResponseStream | undefined
  #events: EventBatch | null

  constructor(response: ChatResponse, source?: ResponseStream) {
    this.provider = response.provider
    this.model = response.model
    this.#response = response
    this.#source = source
    this.#events = responseToEvents(response)
  }

  get attempts(): readonly Attempt[] {
    return this.#source?.attempts ?? this.#response.attempts
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
    if (this.#source === undefined) action()
    else this.#source.onEnd(action)
  }

  usage(): Usage {
    return this.#response.usage
  }

  snapshot(attempts: readonly Attempt[] = this.#response.attempts): ChatResponse {
    return { ...this.#response, attempts }
  }
}

import { LlmError } from '../../core/error.ts'
import type { EventBatch, StreamEvent } from '../../core/event.ts'
import type { ChatResponse } from '../../core/response.ts'
import type { TurnResult } from '../contract/index.ts'

/** A running turn, as a {@link TurnStream} reads it. */
export interface TurnSource {
  readonly requestId: string
  readonly conversationId: string
  readonly userMessageId: string
  readonly messageId: string
  /** The first batch, already read, so that errors before the first content reject the request itself. */
  readonly first: IteratorResult<EventBatch, TurnResult>
  /** The batches after the first. */
  readonly events: AsyncGenerator<EventBatch, TurnResult, undefined>
  abort(reason?: unknown): void
  /** What the turn produced until it was left, with its usage. */
  partial?(): ChatResponse | undefined
}

/**
 * The events of a turn. The loop ends when the answer is stored. On an error it stores the partial answer and throws the
 * `LlmError`. Leaving the loop early aborts the call and stores the partial answer.
 */
export class TurnStream implements AsyncIterable<StreamEvent>, AsyncDisposable {
  readonly requestId: string
  readonly conversationId: string
  readonly userMessageId: string
  /** Id under which the assistant message that ends the answer is stored. */
  readonly messageId: string
  readonly #source: TurnSource
  readonly #result: PromiseWithResolvers<TurnResult>
  #first: IteratorResult<EventBatch, TurnResult> | undefined
  #iterated = false
  #driven = false
  #over = false
  /** Whether the last batch ended the turn, so that nothing is left to abort. */
  #finished = false

  constructor(source: TurnSource) {
    this.#source = source
    this.#first = withIds(source)
    this.requestId = source.requestId
    this.conversationId = source.conversationId
    this.userMessageId = source.userMessageId
    this.messageId = source.messageId
    this.#result = Promise.withResolvers<TurnResult>()
    // Prevents an unhandled rejection if `turn` is never read; iteration throws the error as well.
    this.#result.promise.catch(() => undefined)
  }

  /** Resolves to the turn's result when the answer is stored. Reads the stream if it is not iterated. */
  get turn(): Promise<TurnResult> {
    if (!this.#iterated && !this.#driven) {
      this.#driven = true
      // Deferred, so that a loop that starts synchronously after this can iterate.
      queueMicrotask(() => {
        if (!this.#iterated) void this.#drive()
      })
    }
    return this.#result.promise
  }

  /** Aborts the turn. The loop and `turn` then reject with `aborted`. */
  cancel(reason?: unknown): void {
    if (!this.#over) this.#source.abort(reason)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leave()
  }

  [Symbol.asyncIterator](): AsyncIterator<StreamEvent, undefined> {
    const batches = this.batches()
    let batch: EventBatch = []
    let at = 0
    const next = async (): Promise<IteratorResult<StreamEvent, undefined>> => {
      while (at >= batch.length) {
        const read = await batches.next()
        if (read.done === true) return { value: undefined, done: true }
        batch = read.value
        at = 0
      }
      return { value: batch[at++] as StreamEvent, done: false }
    }
    return {
      next,
      return: async () => {
        await batches.return(undefined)
        await this.#leave()
        return { value: undefined, done: true }
      },
    }
  }

  /** Iterates in batches, one per network read, which costs less than single events. A stream can be iterated once. */
  batches(): AsyncGenerator<EventBatch, void, undefined> {
    if (this.#iterated)
      throw new LlmError(
        'invalid-request',
        'the stream of a turn was already iterated; store the events you need, or await stream.turn',
      )
    this.#iterated = true
    return this.#batches()
  }

  async *#batches(): AsyncGenerator<EventBatch, void, undefined> {
    try {
      for (let read = await this.#read(); read.done !== true; read = await this.#read()) yield read.value
    } finally {
      await this.#leave()
    }
  }

  async #read(): Promise<IteratorResult<EventBatch, TurnResult>> {
    try {
      const read = this.#first ?? (await this.#source.events.next())
      this.#first = undefined
      if (read.done === true) this.#end(() => this.#result.resolve(read.value))
      else this.#finished = read.value.at(-1)?.type === 'finish'
      return read
    } catch (error) {
      this.#end(() => this.#result.reject(error))
      throw error
    }
  }

  async #drive(): Promise<void> {
    this.#iterated = true
    try {
      while ((await this.#read()).done !== true);
    } catch {
      // `turn` rejects with the error.
    }
  }

  async #leave(): Promise<void> {
    if (!this.#over && this.#finished) await this.#drive()
    if (this.#over) return
    this.#over = true
    const left = new LlmError('aborted', 'the consumer left the stream of the turn before its end')
    this.#source.abort(left)
    try {
      await this.#source.events.return(undefined as never)
    } catch {
      // `turn` rejects with `aborted`.
    }
    const partial = this.#source.partial?.()
    this.#result.reject(partial === undefined ? left : left.with({ partial }))
  }

  #end(settle: () => void): void {
    if (this.#over) return
    this.#over = true
    settle()
  }
}

// The `start` event tells every reader of the stream where the turn is stored.
function withIds({ first, conversationId, messageId, userMessageId }: TurnSource): TurnSource['first'] {
  if (first.done === true) return first
  const ids = { conversationId, messageId, userMessageId }
  const value = first.value.map((event) => (event.type === 'start' ? { ...event, ...ids } : event))
  return { value, done: false }
}

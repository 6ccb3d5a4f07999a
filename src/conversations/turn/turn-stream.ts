import { LlmError } from '../../core/error.ts'
import type { EventBatch, StreamEvent } from '../../core/event.ts'
import type { TurnResult } from '../contract/index.ts'

/** What a {@link TurnStream} reads from. */
export interface TurnSource {
  readonly requestId: string
  readonly conversationId: string
  readonly userMessageId: string
  /** The first batch, read already: a refusal would have come before it. */
  readonly first: IteratorResult<EventBatch, TurnResult>
  readonly events: AsyncGenerator<EventBatch, TurnResult, undefined>
  abort(reason?: unknown): void
}

/**
 * The events of a turn. The loop ends when the answer is kept, or throws the `LlmError` that ended it, with what there was of
 * the answer kept as partial. Leaving the loop ends the call and keeps what there was as well.
 */
export class TurnStream implements AsyncIterable<StreamEvent>, AsyncDisposable {
  readonly requestId: string
  readonly conversationId: string
  readonly userMessageId: string
  readonly #source: TurnSource
  readonly #result: PromiseWithResolvers<TurnResult>
  #first: IteratorResult<EventBatch, TurnResult> | undefined
  #iterated = false
  #driven = false
  #over = false

  constructor(source: TurnSource) {
    this.#source = source
    this.#first = source.first
    this.requestId = source.requestId
    this.conversationId = source.conversationId
    this.userMessageId = source.userMessageId
    this.#result = Promise.withResolvers<TurnResult>()
    // Nobody has to read it: a failure is thrown to the one who iterates.
    this.#result.promise.catch(() => undefined)
  }

  /** The whole turn, once its answer is kept. Reads the stream itself where nobody iterates. */
  get turn(): Promise<TurnResult> {
    if (!this.#iterated && !this.#driven) {
      this.#driven = true
      // A loop that starts before anything is waited for takes over.
      queueMicrotask(() => {
        if (!this.#iterated) void this.#drive()
      })
    }
    return this.#result.promise
  }

  /** Ends the turn from outside; whoever reads gets `aborted`. */
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

  /** Batch by batch, one per network read: the cheapest way to pass a turn on. Counts as iterating. */
  batches(): AsyncGenerator<EventBatch, void, undefined> {
    if (this.#iterated)
      throw new LlmError(
        'invalid-request',
        'a turn can be iterated once; keep the events you need, or await stream.turn',
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
      // The promise tells it.
    }
  }

  async #leave(): Promise<void> {
    if (this.#over) return
    const left = new LlmError('aborted', 'the turn was left before its end')
    this.#end(() => this.#result.reject(left))
    this.#source.abort(left)
    try {
      await this.#source.events.return(undefined as never)
    } catch {
      // It was left: how it ended there concerns nobody any more.
    }
  }

  #end(settle: () => void): void {
    if (this.#over) return
    this.#over = true
    settle()
  }
}

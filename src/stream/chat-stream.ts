import { LlmError } from '../core/error.ts'
import type { EventBatch, StreamEvent } from '../core/event.ts'
import type { ResolvedFormat } from '../core/resolved-settings.ts'
import type { ChatResponse } from '../core/response.ts'

/** Source of a {@link ChatStream}. */
export interface ReplySource<Response extends ChatResponse<unknown> = ChatResponse> {
  readonly provider: string
  readonly model: string
  readonly responseFormat?: ResolvedFormat | undefined
  /** Reads the events of one network read; `null` at the end. Rejects with the error that ends the answer. */
  read(): Promise<EventBatch | null>
  /** Aborts the call. */
  cancel(reason?: unknown): void
  /** The response from the events read so far. */
  response(): Response | Promise<Response>
}

type Result = IteratorResult<StreamEvent, undefined>
const DONE: Result = Object.freeze({ value: undefined, done: true as const })

/**
 * A streamed answer. Iterate its events once, or await `response`. It ends once: with a `finish` event, or by throwing an
 * `LlmError` with the answer so far in `partial`. Leaving the loop cancels the call and closes its connection.
 */
export class ChatStream<
  Response extends ChatResponse<unknown> = ChatResponse,
> implements AsyncIterable<StreamEvent> {
  readonly provider: string
  readonly model: string
  /** The format that was asked for, with its schema as JSON Schema. */
  readonly responseFormat: ResolvedFormat | undefined
  readonly #source: ReplySource<Response>
  #batch: EventBatch = []
  #at = 0
  #pulling: Promise<unknown> | undefined
  // Batches that were read and not delivered yet.
  #kept: EventBatch[] = []
  #iterated = false
  #ended = false
  #error: unknown
  #failure: unknown
  #response:
    | {
        promise: Promise<Response>
        resolve(value: Response | Promise<Response>): void
        reject(error: unknown): void
      }
    | undefined

  constructor(source: ReplySource<Response>) {
    this.#source = source
    this.provider = source.provider
    this.model = source.model
    this.responseFormat = source.responseFormat
  }

  /**
   * The whole answer, in the shape of a call without `stream`. Drives the stream if it is not iterated. Rejects with the
   * error that ended the stream, or with `aborted` if the loop was left early.
   */
  get response(): Promise<Response> {
    if (this.#response === undefined) {
      this.#response = Promise.withResolvers<Response>()
      // May stay unread without an unhandled rejection, because iterating throws the same error.
      this.#response.promise.catch(() => undefined)
      if (this.#ended) this.#settle()
      // Deferred, because a loop that starts in the same tick drives the stream itself.
      else runInNextTick(() => this.#drive())
    }
    return this.#response.promise
  }

  /** Ends the stream and closes its connection. Waiting reads reject with `aborted`. */
  cancel(reason?: unknown): void {
    if (this.#ended) return
    this.#source.cancel(reason)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel()
  }

  [Symbol.asyncIterator](): AsyncIterator<StreamEvent, undefined> {
    if (this.#iterated)
      throw new LlmError(
        'invalid-request',
        'the stream was iterated before, and can be iterated once only: keep its events, or await stream.response',
      )
    this.#iterated = true
    return { next: () => this.#next(), return: () => this.#leave() }
  }

  /** Iterates the events in batches, one per network read, which is the cheapest way to forward a stream. Counts as iterating. */
  async *batches(): AsyncGenerator<EventBatch, void, undefined> {
    const iterator = this[Symbol.asyncIterator]()
    let finished = false
    try {
      for (let first = await iterator.next(); first.done !== true; first = await iterator.next()) {
        const rest = this.#batch.slice(this.#at)
        this.#at = this.#batch.length
        yield [first.value, ...rest]
      }
      finished = true
    } finally {
      if (!finished) await iterator.return?.()
    }
  }

  #next(): Promise<Result> {
    if (this.#at < this.#batch.length)
      return Promise.resolve({ value: this.#batch[this.#at++] as StreamEvent, done: false })
    if (this.#kept.length > 0 || this.#ended) return Promise.resolve().then(this.#deliver)
    if (this.#pulling !== undefined) return this.#pulling.then(this.#deliver, this.#deliver)
    const next = this.#source.read().then(this.#deliverTaken, this.#deliverBroken)
    this.#pulling = next
    return next
  }

  // Made once for all reads and not async functions, so that a waiting stream holds as few promises as possible.
  readonly #deliverTaken = (batch: EventBatch | null): Result | Promise<Result> => {
    // The usual case: one batch was read, and a consumer waits for it.
    if (batch !== null && this.#kept.length === 0 && this.#at === this.#batch.length) {
      this.#pulling = undefined
      this.#load(batch)
    } else this.#take(batch)
    return this.#deliver()
  }

  readonly #deliverBroken = (error: unknown): Result | Promise<Result> => {
    this.#break(error)
    return this.#deliver()
  }

  readonly #deliver = (): Result | Promise<Result> => {
    if (this.#at === this.#batch.length && this.#kept.length > 0) this.#load(this.#kept.shift() ?? [])
    if (this.#at < this.#batch.length) return { value: this.#batch[this.#at++] as StreamEvent, done: false }
    return this.#ended ? this.#finish() : this.#next()
  }

  #load(batch: EventBatch): void {
    this.#batch = batch
    this.#at = 0
  }

  #finish(): Result {
    const error = this.#error
    this.#error = undefined
    if (error !== undefined) throw error
    return DONE
  }

  // One read at a time for all consumers. Its failure is reported by the stream.
  async #pull(): Promise<void> {
    const taken = (batch: EventBatch | null): void => this.#take(batch)
    const broken = (error: unknown): void => this.#break(error)
    this.#pulling ??= this.#source.read().then(taken, broken)
    await this.#pulling.catch(() => undefined)
  }

  #take(batch: EventBatch | null): void {
    this.#pulling = undefined
    if (batch === null) this.#end()
    else this.#kept.push(batch)
  }

  #break(error: unknown): void {
    this.#pulling = undefined
    this.#error = error
    this.#end(error)
  }

  async #drive(): Promise<void> {
    if (this.#iterated) return
    while (!this.#ended && !this.#iterated) await this.#pull()
  }

  async #leave(): Promise<Result> {
    if (!this.#ended) {
      this.#source.cancel()
      // The source now rejects with `aborted`, which is the expected end of this stream.
      while (!this.#ended) await this.#pull()
    }
    this.#error = undefined
    this.#kept = []
    this.#load([])
    return DONE
  }

  #end(error?: unknown): void {
    this.#ended = true
    this.#failure = error
    if (this.#response !== undefined) this.#settle()
  }

  #settle(): void {
    if (this.#failure !== undefined) return this.#response?.reject(this.#failure)
    this.#response?.resolve(this.#source.response())
  }
}

function runInNextTick(action: () => Promise<void>): void {
  const run = (): void => void action()
  if (typeof setImmediate === 'function') setImmediate(run)
  else setTimeout(run, 0)
}

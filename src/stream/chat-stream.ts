import { LlmError } from '../core/error.ts'
import type { Batch, StreamEvent } from '../core/event.ts'
import type { ChatResponse } from '../core/response.ts'

/** What a {@link ChatStream} reads from. */
export interface ReplySource {
  readonly provider: string
  readonly model: string
  read(): Promise<Batch | null>
  cancel(reason?: unknown): void
  /** The answer as far as it was read; at the end, all of it. */
  response(): ChatResponse | Promise<ChatResponse>
}

type Result = IteratorResult<StreamEvent, undefined>
const DONE: Result = Object.freeze({ value: undefined, done: true as const })

/**
 * A streamed answer: iterate its events once, or just await `response`. It ends once: by a `finish` event, or by a thrown
 * `LlmError` with the answer so far in `partial`. Leaving the loop cancels the call; the upstream connection closes.
 */
export class ChatStream implements AsyncIterable<StreamEvent> {
  readonly provider: string
  readonly model: string
  readonly #source: ReplySource
  #batch: Batch = []
  #at = 0
  #pulling: Promise<void> | undefined
  // Batches read on behalf of `response` before anyone iterated.
  #kept: Batch[] = []
  #iterated = false
  #driven = false
  #ended = false
  #error: unknown
  #failure: unknown
  #response:
    | {
        promise: Promise<ChatResponse>
        resolve(value: ChatResponse | Promise<ChatResponse>): void
        reject(error: unknown): void
      }
    | undefined

  constructor(source: ReplySource) {
    this.#source = source
    this.provider = source.provider
    this.model = source.model
  }

  /**
   * The whole answer, in the shape of a plain call. Drives the stream itself where nobody iterates; rejects with the
   * error that ended the stream, or `aborted` when it was left early.
   */
  get response(): Promise<ChatResponse> {
    if (this.#response === undefined) {
      this.#response = Promise.withResolvers<ChatResponse>()
      // Nobody has to read it: a failure is thrown to the one who iterates.
      this.#response.promise.catch(() => undefined)
      if (this.#ended) this.#settle()
      // A loop that starts in this turn takes over.
      else setImmediateOrSoon(() => this.#drive())
    }
    return this.#response.promise
  }

  /** Ends the stream from outside: the upstream connection closes, and whoever waits gets `aborted`. */
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
        'a stream can be iterated once; keep the events you need, or await stream.response',
      )
    this.#iterated = true
    return { next: () => this.#next(), return: () => this.#leave() }
  }

  /** Batch by batch, one per network read: the cheapest way to pass a stream on. Counts as iterating. */
  async *batches(): AsyncGenerator<Batch, void, undefined> {
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
    if (this.#at < this.#batch.length) {
      return Promise.resolve({ value: this.#batch[this.#at++] as StreamEvent, done: false })
    }
    return this.#advance()
  }

  async #advance(): Promise<Result> {
    for (;;) {
      const kept = this.#kept.shift()
      if (kept !== undefined) this.#load(kept)
      else if (this.#ended) return this.#finish()
      else await this.#pull()
      if (this.#at < this.#batch.length) return { value: this.#batch[this.#at++] as StreamEvent, done: false }
    }
  }

  #load(batch: Batch): void {
    this.#batch = batch
    this.#at = 0
  }

  #finish(): Result {
    const error = this.#error
    this.#error = undefined
    if (error !== undefined) throw error
    return DONE
  }

  // One read at a time, whoever asks.
  #pull(): Promise<void> {
    return (this.#pulling ??= this.#read())
  }

  async #read(): Promise<void> {
    try {
      const batch = await this.#source.read()
      if (batch === null) this.#end()
      else if (this.#iterated && !this.#driven) this.#load(batch)
      else this.#kept.push(batch)
    } catch (error) {
      this.#error = error
      this.#end(error)
    }
    this.#pulling = undefined
  }

  async #drive(): Promise<void> {
    if (this.#iterated) return
    this.#driven = true
    while (!this.#ended && !this.#iterated) await this.#pull()
    this.#driven = false
  }

  async #leave(): Promise<Result> {
    if (!this.#ended) {
      this.#source.cancel()
      // The source now rejects with `aborted`: that is the end of this stream, and nobody's surprise.
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

function setImmediateOrSoon(action: () => Promise<void>): void {
  const run = (): void => void action()
  if (typeof setImmediate === 'function') setImmediate(run)
  else setTimeout(run, 0)
}

import type { Clock, Timer } from '../../core/clock.ts'
import type { LlmError } from '../../core/error.ts'
import type { EventBatch } from '../../core/event.ts'
import type { ChatResponse } from '../../core/response.ts'

/** The source of a run; a `ChatStream` fits. */
export interface ReplyStream {
  batches(): AsyncIterable<EventBatch>
  /** The whole response with its attempts. Read after the last batch. Default: folded from the batches. */
  readonly response?: Promise<ChatResponse> | undefined
  /** The stored conversation that the answer belongs to. The response names it. Default: the page's own. */
  readonly conversationId?: string | undefined
  /** Id under which the answer is stored. */
  readonly messageId?: string | undefined
  /** Id under which the user message is stored. */
  readonly userMessageId?: string | undefined
}

type OpenStream = (signal: AbortSignal) => ReplyStream | Promise<ReplyStream>

/** How long a stopped upstream may take to end by itself, so that it can report its usage. */
const STOP_GRACE_MS = 500

/** Opens and reads the source of one run, and stops it. */
export class Upstream {
  /** Resolves when the source is open; rejects with its error. */
  readonly opened: Promise<void>
  /** The source, once it is open. */
  stream: ReplyStream | undefined
  /** The error that the source was stopped with. */
  stopError: LlmError | undefined
  readonly #open: OpenStream
  readonly #clock: Clock
  readonly #abort = new AbortController()
  readonly #opening: PromiseWithResolvers<void> = Promise.withResolvers<void>()
  #rejectWait: ((error: LlmError) => void) | undefined
  #isGraceOver = false
  #timer: Timer | undefined

  constructor(open: OpenStream, clock: Clock) {
    this.#open = open
    this.#clock = clock
    this.opened = this.#opening.promise
    // Marked as handled, because callers may ignore the promise.
    this.opened.catch(() => undefined)
  }

  /** Calls `take` with each batch, and awaits what it returns. Rejects with the error of the source. Call it once. */
  async read(take: (batch: EventBatch) => Promise<void> | undefined): Promise<void> {
    const iterator = await this.#start()
    for (;;) {
      const next = iterator.next()
      let result: IteratorResult<EventBatch, unknown>
      try {
        result = await this.#untilGraceOver(next)
      } catch (error) {
        next.then(() => iterator.return?.()).catch(() => undefined)
        throw error
      }
      if (result.done === true) return
      if (result.value.length > 0) await take(result.value)
    }
  }

  /** Aborts the source. If it does not end within 500 ms, `read` rejects with `error`. Only the first call counts. */
  stop(error: LlmError): void {
    if (this.stopError !== undefined) return
    this.stopError = error
    this.#abort.abort(error)
    this.#timer = this.#clock.setTimer(() => {
      this.#isGraceOver = true
      this.#rejectWait?.(error)
    }, STOP_GRACE_MS)
  }

  clearTimer(): void {
    this.#clock.clearTimer(this.#timer)
  }

  async #start(): Promise<AsyncIterator<EventBatch>> {
    try {
      this.stream = await this.#untilGraceOver(Promise.resolve(this.#open(this.#abort.signal)))
      this.#opening.resolve()
      return this.stream.batches()[Symbol.asyncIterator]()
    } catch (error) {
      this.#opening.reject(error)
      throw error
    }
  }

  #untilGraceOver<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#rejectWait = reject
      if (this.#isGraceOver) reject(this.stopError)
      work.then(resolve, reject)
    })
  }
}

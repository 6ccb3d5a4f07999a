import type { Call } from '../core/call.ts'
import { abortedError } from '../core/call-scope.ts'
import type { Fragment } from '../core/dialect.ts'
import { LlmError, toLlmError } from '../core/error.ts'
import type { EventBatch } from '../core/event.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { Attempt as AttemptRecord, ChatResponse, Usage, Warning } from '../core/response.ts'
import { yieldToEventLoop } from '../core/yield.ts'
import type { Attempt } from './attempt.ts'
import { drainBody } from './drain-body.ts'
import { FrameReader } from './frame-reader.ts'
import type { ResponseBody } from './response-body.ts'
import { ResponseBuffer } from './response-buffer.ts'

/** What an attempt hands over once the response headers were good. */
export interface HttpResponseStreamParts {
  readonly call: Call
  readonly attempt: Attempt
  readonly body: ResponseBody
  readonly warnings: readonly Warning[]
}

const NO_ACTIONS: readonly never[] = Object.freeze([])

/** The response of one attempt as a stream of events: one asynchronous hop per network read. */
export class HttpResponseStream implements ResponseStream {
  readonly provider: string
  readonly model: string
  readonly #parts: HttpResponseStreamParts
  readonly #reader: FrameReader
  readonly #buffer: ResponseBuffer
  #error: LlmError | undefined
  #over = false
  #endedAt: number | undefined
  #onEnd: readonly ((error?: LlmError) => void)[] = NO_ACTIONS

  constructor(parts: HttpResponseStreamParts) {
    const { call, body, warnings } = parts
    const { provider, model } = call.target
    this.#parts = parts
    this.provider = provider
    this.model = model
    this.#reader = new FrameReader(call.target, body.decoder)
    this.#buffer = new ResponseBuffer(call, warnings)
    if (body.whole !== undefined) this.#takeWhole(body.whole)
  }

  /** Whether the first content is there. */
  get committed(): boolean {
    return this.#buffer.contents > 0
  }

  /** Reads until the first content, or the end. Throws the error that came before any content. */
  async commit(): Promise<void> {
    const arrive = (piece: Uint8Array | null): void => this.#arrive(piece)
    const broken = (error: unknown): void => this.#break(error)
    while (!this.committed && !this.#over)
      if (this.#buffer.hasPending) await yieldToEventLoop().then(this.#drainFilter)
      else await this.#pull(arrive, broken)
    if (this.#error !== undefined && !this.committed) throw this.#error
  }

  read(): Promise<EventBatch | null> {
    if (this.#buffer.hasReady) return Promise.resolve(this.#buffer.takeReady())
    if (this.#error !== undefined) return Promise.reject(this.#error)
    if (this.#over) return Promise.resolve(null)
    if (this.#buffer.hasPending) return yieldToEventLoop().then(this.#giveFiltered)
    return this.#pull(this.#giveArrived, this.#giveBroken)
  }

  // Made once for all reads, and no async functions: a thousand waiting streams would mostly hold their frames.
  readonly #giveArrived = (piece: Uint8Array | null): EventBatch | null | Promise<EventBatch | null> => {
    this.#arrive(piece)
    return this.#give()
  }

  readonly #giveBroken = (error: unknown): EventBatch | null | Promise<EventBatch | null> => {
    this.#break(error)
    return this.#give()
  }

  readonly #giveFiltered = (): EventBatch | null | Promise<EventBatch | null> => {
    this.#drainFilter()
    return this.#give()
  }

  readonly #drainFilter = (): void => {
    if (this.#over) return
    this.#buffer.drain()
    this.#proceed()
  }

  #give(): EventBatch | null | Promise<EventBatch | null> {
    if (this.#buffer.hasReady) return this.#buffer.takeReady()
    if (this.#error !== undefined) throw this.#error
    return this.#over ? null : this.read()
  }

  cancel(reason?: unknown): void {
    if (!this.#over) this.#fail(abortedError(reason))
  }

  /** Ends the stream from outside: by a timeout, or the caller's signal. */
  fail(error: LlmError): void {
    if (!this.#over) this.#fail(error)
  }

  get attempts(): readonly AttemptRecord[] {
    const { attempt, call } = this.#parts
    const { provider, model } = this
    const durationMs = (this.#endedAt ?? call.clock.now()) - attempt.startedAt
    return [...call.previousAttempts, { provider, model, durationMs }]
  }

  onEnd(action: (error?: LlmError) => void): void {
    if (this.#over) action(this.#error)
    else this.#onEnd = [...this.#onEnd, action]
  }

  usage(): Usage {
    return this.#buffer.usage()
  }

  get isWhole(): boolean {
    return this.#over && this.#error === undefined && this.#parts.body.decoder === undefined
  }

  snapshot(attempts?: readonly AttemptRecord[]): ChatResponse {
    return this.#buffer.response({ requestId: this.#parts.attempt.requestId, attempts })
  }

  #pull<T>(arrived: (piece: Uint8Array | null) => T, broken: (error: unknown) => T): Promise<Awaited<T>> {
    const { body, attempt } = this.#parts
    attempt.timeouts.startWaiting()
    return body.source.read().then(arrived, broken) as Promise<Awaited<T>>
  }

  #arrive(piece: Uint8Array | null): void {
    if (this.#over) return
    const before = this.#buffer.arrivedContents
    try {
      const fragments: Fragment[] = []
      const broken = this.#reader.read(piece, fragments)
      this.#take(fragments)
      if (broken !== undefined) throw broken
      if (piece === null && !this.#over) this.#endOfBody()
    } catch (error) {
      this.#fail(toLlmError(error, 'reply-malformed', 'the reply could not be read'))
      return
    }
    this.#parts.attempt.timeouts.contentArrived(this.#buffer.arrivedContents > before)
  }

  #takeWhole(fragments: readonly Fragment[]): void {
    this.#take(fragments)
    if (!this.#over) this.#endOfBody()
  }

  #take(fragments: readonly Fragment[]): void {
    this.#buffer.push(fragments)
    this.#proceed()
  }

  // Ends the response if it has come to its end.
  #proceed(): void {
    if (this.#over || this.#buffer.hasPending) return
    const { error } = this.#buffer
    if (error !== undefined) this.#fail(error)
    else if (this.#buffer.isFinished) this.#finish()
  }

  #endOfBody(): void {
    this.#takeHeld()
    if (this.#over) return
    if (this.#buffer.end()) return this.#proceed()
    const message =
      this.#buffer.arrivedContents === 0
        ? 'the reply ended without any content or finish reason'
        : 'the stream ended without a finish reason or an end mark: the answer is cut'
    this.#fail(new LlmError('stream-broken', message))
  }

  // What the reader still holds is complete, however the body ended.
  #takeHeld(): void {
    const held: Fragment[] = []
    this.#reader.end(held)
    if (held.length > 0) this.#take(held)
  }

  // The connection broke. If the model had said why it stopped, nothing is missing.
  #break(error: unknown): void {
    if (this.#over) return
    if (this.#buffer.isStopped) return this.#endOfBody()
    this.#takeHeld()
    if (this.#over) return
    const cause = toLlmError(error, 'network', 'the connection broke')
    const isCut = cause.kind === 'network' && this.#parts.call.stream
    const broken = (): LlmError =>
      new LlmError('stream-broken', `the connection broke inside the stream: ${cause.message}`, { cause })
    this.#fail(isCut ? broken() : cause)
  }

  #fail(error: LlmError): void {
    this.#over = true
    // Content before the error counts; what may be the beginning of a finding stays back.
    while (this.#buffer.hasPending) this.#buffer.drain()
    const isLateEnd = this.#buffer.isStopped && error.kind === 'timeout' && error.phase === 'idle'
    if (isLateEnd) this.#buffer.end()
    else this.#error = this.#parts.attempt.explain(error).with({ partial: this.snapshot() })
    this.#parts.attempt.close()
    this.#ended()
  }

  #finish(): void {
    const { attempt, body, call } = this.#parts
    this.#over = true
    attempt.timeouts.stop()
    if (body.decoder === undefined) attempt.release()
    else void drainBody(body.source, attempt, call.clock)
    this.#ended()
  }

  #ended(): void {
    const { call } = this.#parts
    this.#endedAt = call.clock.now()
    call.onRawText?.(this.#buffer.rawText())
    const actions = this.#onEnd
    this.#onEnd = NO_ACTIONS
    for (const action of actions) action(this.#error)
  }
}

import type { Call } from '../core/call.ts'
import { abortedError } from '../core/abort.ts'
import type { Fragment } from '../core/dialect.ts'
import { toLlmError, type LlmError } from '../core/error.ts'
import type { EventBatch } from '../core/event.ts'
import { callSafely } from '../core/host-function.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { Attempt as AttemptRecord, ChatResponse, RawExchange, Usage } from '../core/response.ts'
import type { Attempt } from './attempt.ts'
import { drainBody } from './drain-body.ts'
import { FrameReader } from './frame-reader.ts'
import type { ResponseBody } from './response-body.ts'
import { ResponseBuffer, type ResponseReading } from './response-buffer.ts'
import { endOfBodyError, isMissingEndMark, readError } from './response-ending.ts'

/** The parts of a response whose headers reported success. */
export interface HttpResponseStreamParts extends ResponseReading {
  readonly call: Call
  readonly attempt: Attempt
  readonly body: ResponseBody
  /** Gives what went over the wire, if the call asks for it. */
  readonly raw?: (() => RawExchange) | undefined
}

const NO_ACTIONS: readonly never[] = Object.freeze([])

/** The response of one attempt as a stream of events. Each network read costs one asynchronous step. */
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
    const { call, body } = parts
    const { provider, model } = call.target
    this.#parts = parts
    this.provider = provider
    this.model = model
    this.#reader = new FrameReader(call.target, body.decoder)
    this.#buffer = new ResponseBuffer(call, parts)
    if (body.whole === undefined) return
    this.#take(body.whole)
    if (!this.#over) this.#endOfBody()
  }

  /** Whether the first content has arrived. */
  get committed(): boolean {
    return this.#buffer.contents > 0
  }

  /** Reads until the first content or the end. Rejects with the error of a response that failed before its first content. */
  async commit(): Promise<void> {
    const arrive = (piece: Uint8Array | null): void => this.#arrive(piece)
    const fail = (error: unknown): void => this.#failRead(error)
    while (!this.committed && !this.#over)
      if (this.#buffer.hasPending) await this.#buffer.rest().then(this.#drainFilter)
      else await this.#pull(arrive, fail)
    if (this.#error !== undefined && !this.committed) throw this.#error
  }

  read(): Promise<EventBatch | null> {
    if (this.#buffer.hasReady) return Promise.resolve(this.#buffer.takeReady())
    if (this.#error !== undefined) return Promise.reject(this.#error)
    if (this.#over) return Promise.resolve(null)
    if (this.#buffer.hasPending) return this.#buffer.rest().then(this.#deliverFiltered)
    return this.#pull(this.#deliverArrived, this.#deliverBroken)
  }

  // Created once and without async functions, because a promise chain per read dominates the memory of waiting streams.
  readonly #deliverArrived = (piece: Uint8Array | null): EventBatch | null | Promise<EventBatch | null> => {
    this.#arrive(piece)
    return this.#deliver()
  }

  readonly #deliverBroken = (error: unknown): EventBatch | null | Promise<EventBatch | null> => {
    this.#failRead(error)
    return this.#deliver()
  }

  readonly #deliverFiltered = (): EventBatch | null | Promise<EventBatch | null> => {
    this.#drainFilter()
    return this.#deliver()
  }

  readonly #drainFilter = (): void => {
    this.#buffer.drain()
    this.#proceed()
  }

  #deliver(): EventBatch | null | Promise<EventBatch | null> {
    if (this.#buffer.hasReady) return this.#buffer.takeReady()
    if (this.#error !== undefined) throw this.#error
    return this.#over ? null : this.read()
  }

  cancel(reason?: unknown): void {
    if (!this.#over) this.#fail(abortedError(reason))
  }

  /** Ends the response with an error, for example of a timeout or of the caller's signal. Does nothing after the end. */
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
    const { attempt, raw } = this.#parts
    const { providerRequestId, requestId } = attempt
    const response = this.#buffer.response({ requestId, providerRequestId, attempts })
    return raw === undefined ? response : { ...response, raw: raw() }
  }

  #pull<T>(arrived: (piece: Uint8Array | null) => T, broken: (error: unknown) => T): Promise<Awaited<T>> {
    const { body, attempt } = this.#parts
    attempt.timeouts.startWaiting()
    return body.source.read().then(arrived, broken) as Promise<Awaited<T>>
  }

  #arrive(piece: Uint8Array | null): void {
    if (this.#over) return
    const { arrivedContents: before, arrivedSteps: steps } = this.#buffer
    try {
      const fragments: Fragment[] = []
      const broken = this.#reader.read(piece, fragments)
      this.#take(fragments)
      if (broken !== undefined) throw broken
      if (piece === null && !this.#over) this.#endOfBody()
    } catch (error) {
      this.#fail(toLlmError(error, 'reply-malformed', 'the reply is not valid'))
      return
    }
    const { arrivedContents, arrivedSteps } = this.#buffer
    this.#parts.attempt.timeouts.contentArrived(arrivedContents > before, arrivedSteps > steps)
  }

  #take(fragments: readonly Fragment[]): void {
    this.#buffer.push(fragments)
    this.#proceed()
    void this.#buffer.reading?.then(this.#drainFilter)
  }

  // Ends the response if it failed or is complete.
  #proceed(): void {
    if (this.#over || this.#buffer.hasPending) return
    const { error } = this.#buffer
    if (error !== undefined) this.#fail(error)
    else if (this.#buffer.isFinished) this.#finish()
  }

  #endOfBody(): void {
    this.#flushReader()
    if (this.#over) return
    if (this.#buffer.end()) this.#proceed()
    else this.#fail(endOfBodyError(this.#buffer.arrivedContents > 0))
  }

  // Fragments that the reader has buffered are complete, even if the connection broke.
  #flushReader(): void {
    const rest: Fragment[] = []
    this.#reader.end(rest)
    if (rest.length > 0) this.#take(rest)
  }

  // After the finish reason, a broken connection loses nothing.
  #failRead(error: unknown): void {
    if (this.#over) return
    if (this.#buffer.isStopped) return this.#endOfBody()
    this.#flushReader()
    if (!this.#over) this.#fail(readError(error, this.#parts.call.stream))
  }

  #fail(error: LlmError): void {
    this.#over = true
    // Delivers the content before the error. Text that may be the beginning of a finding is withheld.
    this.#buffer.flush()
    const isWhole = isMissingEndMark(error, this.#buffer.isStopped) && this.#buffer.end()
    const cause = isWhole ? this.#buffer.error : error
    if (cause !== undefined)
      this.#error = this.#parts.attempt.explain(this.#buffer.cutBy(cause)).with({ partial: this.snapshot() })
    this.#parts.attempt.close()
    this.#notifyEnd()
  }

  #finish(): void {
    const { attempt, body, call } = this.#parts
    this.#over = true
    attempt.timeouts.stop()
    if (body.decoder === undefined) attempt.release()
    else void drainBody(body.source, attempt, call.clock)
    this.#notifyEnd()
  }

  #notifyEnd(): void {
    const { call } = this.#parts
    this.#endedAt = call.clock.now()
    call.onRawText?.(this.#buffer.rawText())
    const actions = this.#onEnd
    this.#onEnd = NO_ACTIONS
    for (const action of actions) callSafely(() => action(this.#error))
  }
}

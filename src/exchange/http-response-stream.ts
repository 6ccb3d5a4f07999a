import type { OutputFilter, Call } from '../core/call.ts'
import { ResponseAccumulator } from '../core/accumulate-response.ts'
import type { Fault, Fragment, Reader } from '../core/dialect.ts'
import { LlmError, toLlmError } from '../core/error.ts'
import type { EventBatch } from '../core/event.ts'
import { parseJson, type JsonValue } from '../core/json.ts'
import type { Attempt as Tried, ChatResponse, Usage, Warning } from '../core/response.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { Frame, FrameDecoder } from '../core/wire.ts'
import { estimateUsage } from '../core/tokens.ts'
import { yieldToEventLoop } from '../core/yield.ts'
import {
  createTextSizeLimit,
  createNormalizer,
  DeltaFastPath,
  type TextSizeLimit,
  type Normalizer,
} from '../stream/index.ts'
import type { Attempt } from './attempt.ts'
import type { ResponseBody } from './response-body.ts'
import { abortedError } from '../core/call-scope.ts'

/** What an exchange hands over once the response headers were good. */
export interface HttpResponseStreamParts {
  readonly call: Call
  readonly attempt: Attempt
  readonly body: ResponseBody
  readonly warnings: readonly Warning[]
}

const NOTHING: readonly never[] = Object.freeze([])

/** After the end mark, the rest of the body is read for this many pieces, so that the connection can be used again. */
const MOST_TRAILING_PIECES = 4
/** … and for this long. */
const MOST_TRAILING_MS = 1_000

/** A stream from the wire to events: one loop, one asynchronous hop per network read. */
export class HttpResponseStream implements ResponseStream {
  readonly provider: string
  readonly model: string
  readonly #parts: HttpResponseStreamParts
  readonly #reader: Reader
  readonly #pattern: DeltaFastPath | undefined
  readonly #normalizer: Normalizer
  readonly #guard: TextSizeLimit
  readonly #collector: ResponseAccumulator
  readonly #filter: OutputFilter | undefined
  /** With a filter: the answer as the model gave it, for figures and for who watches texts. */
  readonly #raw: ResponseAccumulator | undefined
  // Events that nobody has asked for yet.
  #ready: EventBatch = NOTHING
  #error: LlmError | undefined
  #over = false
  #endedAt: number | undefined
  #onEnd: readonly ((error?: LlmError) => void)[] = NOTHING

  constructor(parts: HttpResponseStreamParts) {
    const { target, streamLimits } = parts.call
    this.#parts = parts
    this.provider = target.provider
    this.model = target.model
    this.#reader = target.dialect.reader(target.quirks)
    if (this.#reader.textRepeats === true) this.#pattern = new DeltaFastPath()
    const from = { provider: this.provider, model: this.model }
    this.#collector = new ResponseAccumulator({ ...from }, target.reasoningScope)
    const estimate = (pending: EventBatch): Usage => this.#estimate(pending)
    const { finishReasons } = target.dialect
    this.#normalizer = createNormalizer({ ...from, warnings: parts.warnings, finishReasons, estimate })
    this.#guard = createTextSizeLimit(streamLimits.maxBytes)
    this.#filter = parts.call.outputFilter?.()
    if (this.#filter !== undefined) this.#raw = new ResponseAccumulator({ ...from }, '')
    if (parts.body.whole !== undefined) this.#takeWhole(parts.body.whole)
  }

  /** True from the first content on. */
  get committed(): boolean {
    return this.#collector.contents > 0
  }

  /** Reads on until there is content, or the end: the commit point. Throws what went wrong before it. */
  async commit(): Promise<void> {
    const arrive = (piece: Uint8Array | null): void => this.#arrive(piece)
    const broken = (error: unknown): void => this.#break(error)
    while (!this.committed && !this.#over)
      if (this.#filter?.hasPending === true) await yieldToEventLoop().then(this.#resume)
      else await this.#pull(arrive, broken)
    if (this.#error !== undefined && !this.committed) throw this.#error
  }

  read(): Promise<EventBatch | null> {
    if (this.#ready.length > 0) return Promise.resolve(this.#takeReady())
    if (this.#error !== undefined) return Promise.reject(this.#error)
    if (this.#over) return Promise.resolve(null)
    if (this.#filter?.hasPending === true) return yieldToEventLoop().then(this.#giveFiltered)
    return this.#pull(this.#giveArrived, this.#giveBroken)
  }

  // Made once for all reads, and no async functions: what a thousand waiting streams hold would be mostly their frames.
  readonly #giveArrived = (piece: Uint8Array | null): EventBatch | null | Promise<EventBatch | null> => {
    this.#arrive(piece)
    return this.#give()
  }

  readonly #giveBroken = (error: unknown): EventBatch | null | Promise<EventBatch | null> => {
    this.#break(error)
    return this.#give()
  }

  readonly #giveFiltered = (): EventBatch | null | Promise<EventBatch | null> => {
    this.#resume()
    return this.#give()
  }

  // The filter had more to do than one turn allows.
  readonly #resume = (): void => {
    if (this.#over) return
    this.#store(this.#filter?.drain() ?? [])
    this.#proceed()
  }

  #give(): EventBatch | null | Promise<EventBatch | null> {
    if (this.#ready.length > 0) return this.#takeReady()
    if (this.#error !== undefined) throw this.#error
    return this.#over ? null : this.read()
  }

  #takeReady(): EventBatch {
    const batch = this.#ready
    this.#ready = NOTHING
    return batch
  }

  cancel(reason?: unknown): void {
    if (!this.#over) this.#fail(abortedError(reason))
  }

  /** Ends the stream from outside: a timeout, the caller's signal. */
  fail(error: LlmError): void {
    if (!this.#over) this.#fail(error)
  }

  get attempts(): readonly Tried[] {
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
    return this.#normalizer.usage ?? this.#estimate()
  }

  get isWhole(): boolean {
    return this.#over && this.#error === undefined && this.#parts.body.decoder === undefined
  }

  snapshot(attempts?: readonly Tried[]): ChatResponse {
    const { requestId } = this.#parts.attempt
    return this.#collector.response({ usage: () => this.usage(), requestId, attempts })
  }

  #pull<T>(arrived: (piece: Uint8Array | null) => T, broken: (error: unknown) => T): Promise<Awaited<T>> {
    const { body, attempt } = this.#parts
    attempt.timeouts.startWaiting()
    return body.source.read().then(arrived, broken) as Promise<Awaited<T>>
  }

  #arrive(piece: Uint8Array | null): void {
    if (this.#over) return
    const before = this.#contents
    try {
      this.#decode(piece)
    } catch (error) {
      this.#fail(toLlmError(error, 'reply-malformed', 'the reply could not be read'))
      return
    }
    this.#parts.attempt.timeouts.contentArrived(this.#contents > before)
  }

  #decode(piece: Uint8Array | null): void {
    const decoder = this.#parts.body.decoder as FrameDecoder
    const frames: Frame[] = []
    let broken: unknown
    try {
      if (piece === null) decoder.end(frames)
      else decoder.push(piece, frames)
    } catch (error) {
      broken = error
    }
    const fragments: Fragment[] = []
    for (const frame of frames) if (!this.#readFrame(frame, fragments, piece === null)) break
    this.#take(fragments)
    // What came before the fault counts, however the network cut it.
    if (broken !== undefined) throw broken
    if (piece === null && !this.#over) this.#endOfSource()
  }

  // False where nothing after this frame counts.
  #readFrame(frame: Frame, out: Fragment[], last: boolean): boolean {
    const { data } = frame
    if (data === '[DONE]') {
      out.push({ type: 'end' })
      return false
    }
    const known = this.#pattern?.read(frame)
    if (known !== undefined) {
      out.push(known)
      return true
    }
    const json = parseJson(data)
    if (json !== undefined) this.#parsed(frame, json, out)
    else if (data.trim() === '[DONE]') out.push({ type: 'end' })
    // Some servers leave the blank lines out: all their events come as one, a line each.
    else if (data.includes('\n')) return this.#readLines(frame, out, last)
    else if (isPlainError(frame)) out.push({ type: 'fault', fault: this.#faultOf(data) })
    // The last frame may have been cut: that is a missing end, said below.
    else if (!last && data.trim() !== '') {
      this.#take(out.splice(0))
      throw new LlmError(
        'reply-malformed',
        `the provider sent an event that is no JSON: ${JSON.stringify(data.slice(0, 200))}`,
      )
    }
    return true
  }

  #faultOf(words: string): Fault {
    return this.#parts.call.target.dialect.fault(undefined, words)
  }

  #readLines(frame: Frame, out: Fragment[], last: boolean): boolean {
    return frame.data.split('\n').every((data) => this.#readFrame({ ...frame, data }, out, last))
  }

  #parsed(frame: Frame, json: JsonValue, out: Fragment[]): void {
    const before = out.length
    this.#reader.read(json, frame.event, out)
    const only = out.length === before + 1 ? out[before] : undefined
    if (only !== undefined) this.#pattern?.learn(frame, only)
  }

  #take(fragments: readonly Fragment[]): void {
    const batch = this.#guard.check(this.#normalizer.push(fragments))
    this.#keep(batch)
    this.#proceed()
  }

  // Content that came, given or held back.
  get #contents(): number {
    return (this.#raw ?? this.#collector).contents
  }

  // Ends the answer where it has come to its end.
  #proceed(): void {
    if (this.#over || this.#filter?.hasPending === true) return
    if (this.#filter?.error !== undefined) this.#fail(this.#filter.error)
    else if (this.#guard.error !== undefined) this.#fail(this.#guard.error)
    else if (this.#normalizer.fault !== undefined) {
      const { kind, message, ...details } = this.#normalizer.fault
      this.#fail(new LlmError(kind, message, details))
    } else if (this.#normalizer.finished) this.#finish()
  }

  #takeWhole(fragments: readonly Fragment[]): void {
    this.#take(fragments)
    if (!this.#over) this.#endOfSource()
  }

  #keep(batch: EventBatch): void {
    if (this.#filter === undefined) return this.#store(batch)
    this.#raw?.add(batch)
    this.#filter.push(batch)
    this.#store(this.#filter.drain())
  }

  #store(batch: EventBatch): void {
    if (batch.length === 0) return
    this.#collector.add(batch)
    // Copied: a list that was pushed to has room for sixteen more, and a waiting stream holds its last batch.
    this.#ready = this.#ready.length === 0 ? batch.slice() : [...this.#ready, ...batch]
  }

  #endOfSource(): void {
    this.#release()
    if (this.#over) return
    const last = this.#normalizer.end()
    if (last !== undefined) {
      this.#keep(last)
      this.#proceed()
      return
    }
    const empty = this.#contents === 0
    const message = empty
      ? 'the reply ended without any content or finish reason'
      : 'the stream ended without a finish reason or an end mark: the answer is cut'
    this.#fail(new LlmError('stream-broken', message))
  }

  // What the reader held back is whole, however the source ended.
  #release(): void {
    const held: Fragment[] = []
    this.#reader.end?.(held)
    if (held.length > 0) this.#take(held)
  }

  // The connection broke. Where the model had said why it stopped, nothing is missing.
  #break(error: unknown): void {
    if (this.#over) return
    if (this.#normalizer.stopped) {
      this.#endOfSource()
      return
    }
    this.#release()
    if (this.#over) return
    const cause = toLlmError(error, 'network', 'the connection broke')
    const cut = cause.kind === 'network' && this.#parts.call.stream
    const broken = (): LlmError =>
      new LlmError('stream-broken', `the connection broke inside the stream: ${cause.message}`, { cause })
    this.#fail(cut ? broken() : cause)
  }

  #fail(error: LlmError): void {
    this.#over = true
    // What came before the fault counts; what may be the beginning of a find is kept back for good.
    while (this.#filter?.hasPending === true) this.#store(this.#filter.drain())
    const lateEnd = this.#normalizer.stopped && error.kind === 'timeout' && error.phase === 'idle'
    if (lateEnd) this.#keep(this.#normalizer.end() ?? [])
    else this.#error = this.#parts.attempt.explain(error).with({ partial: this.snapshot() })
    this.#parts.attempt.close()
    this.#ended()
  }

  #finish(): void {
    this.#over = true
    this.#parts.attempt.timeouts.stop()
    if (this.#parts.body.decoder === undefined) this.#parts.attempt.release()
    else void this.#drain()
    this.#ended()
  }

  #ended(): void {
    this.#endedAt = this.#parts.call.clock.now()
    this.#parts.call.onRawText?.((this.#raw ?? this.#collector).response().text)
    const actions = this.#onEnd
    this.#onEnd = NOTHING
    for (const action of actions) action(this.#error)
  }

  // What follows the end mark is read and thrown away, for a while: a connection that was read out can serve the next call.
  async #drain(): Promise<void> {
    const { body, attempt, call } = this.#parts
    const timer = call.clock.setTimer(() => attempt.close(), MOST_TRAILING_MS)
    let out = false
    try {
      for (let turn = 0; turn < MOST_TRAILING_PIECES && !out; turn++)
        out = (await body.source.read()) === null
    } catch {
      // The answer is complete: how its connection ends is nobody's concern.
    }
    call.clock.clearTimer(timer)
    if (out) attempt.release()
    else attempt.close()
  }

  // Joined kind by kind, so that the figure does not depend on how the stream was cut.
  #estimate(pending: EventBatch = []): Usage {
    const { toolCalls, ...answer } = (this.#raw ?? this.#collector).response()
    let { text, reasoning } = answer
    let calls = toolCalls.map((call) => JSON.stringify(call.arguments)).join('')
    for (const event of pending) {
      if (event.type === 'text-delta') text += event.text
      else if (event.type === 'reasoning-delta') reasoning += event.text
      else if (event.type === 'tool-call') calls += JSON.stringify(event.arguments)
    }
    return estimateUsage(this.#parts.call.messages, text + reasoning + calls)
  }
}

// An event named so, in words: JSON that does not parse was cut.
function isPlainError({ event, data }: Frame): boolean {
  return event === 'error' && /^\s*[^\s{[]/.test(data)
}

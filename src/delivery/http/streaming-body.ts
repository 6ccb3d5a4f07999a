import { argument, checkArguments } from '../../core/check-arguments.ts'
import { callSafely } from '../../core/host-function.ts'
import { systemClock, type Clock, type Timer } from '../../core/clock.ts'
import { clockField, signalField } from '../../core/common-fields.ts'
import { toLlmError, type LlmError } from '../../core/error.ts'
import type { EventBatch, StreamEvent } from '../../core/event.ts'
import { checkOptions, optionsSchema } from '../../core/options.ts'
import { callable, milliseconds, type Group } from '../../core/schema.ts'
import type { Encoder, StreamEnd } from '../../protocols/index.ts'
import { openSource, type BatchSource, type OpenSource, type WrapBatches } from './batch-source.ts'
import { coalesceSchema, coalesceText, type Coalesce } from './coalesce-text.ts'

/** How a body ended: as its stream did, or cancelled by the client before. */
export type BodyEnd = StreamEnd | { readonly type: 'cancelled'; readonly reason: unknown }

export interface StreamingBodyOptions {
  /** Default: the system clock. */
  readonly clock?: Clock | undefined
  /** Maximum silence before the encoder's heartbeat is sent, in milliseconds. Default 15 000; 0 turns heartbeats off. */
  readonly heartbeatMs?: number | undefined
  /** Merges small deltas before they are encoded. Default: off. */
  readonly coalesce?: Coalesce | undefined
  /** Minimum time between two text or reasoning deltas, in milliseconds. Default 0. */
  readonly paceMs?: number | undefined
  /** Cancels the body, as a disconnect of the client does. */
  readonly signal?: AbortSignal | undefined
  /** Called after each batch; returns frames to append, such as a log position. They end at a frame boundary. */
  readonly afterBatch?: (() => string) | undefined
  /** Converts an error to the one that the client sees. Default: unchanged. */
  readonly toPublic?: ((error: LlmError) => LlmError) | undefined
  /** Called once, after the last frame was delivered or the client disconnected. Errors that it throws are ignored. */
  readonly onEnd?: ((end: BodyEnd) => void) | undefined
}

/** The schema of {@link StreamingBodyOptions}. */
export const streamingBodySchema: Group = optionsSchema<StreamingBodyOptions>()(() => ({
  clock: clockField,
  heartbeatMs: milliseconds,
  coalesce: coalesceSchema,
  paceMs: milliseconds,
  signal: signalField,
  afterBatch: callable,
  toPublic: callable,
  onEnd: callable,
}))

const ENCODER = {
  contentType: argument.text,
  open: argument.function,
  encode: argument.function,
  close: argument.function,
}

/**
 * Creates the body of a streamed response. It reads its source only when its consumer asks for more, so it holds at most
 * one batch and its frames. Cancelling the body cancels the source at once. An error of the source becomes the encoder's
 * terminal frames; if the protocol cannot express an error, the body errors instead.
 */
export function streamingBody(
  source: BatchSource | Promise<BatchSource>,
  encoder: Encoder,
  options: StreamingBodyOptions = {},
): ReadableStream<Uint8Array> {
  checkArguments(
    'streamingBody',
    { source: argument.object, encoder: argument.object, options: argument.object },
    { source, encoder, options },
  )
  checkArguments('streamingBody: encoder', ENCODER, encoder)
  checkOptions('streamingBody', streamingBodySchema, options)
  const body = new StreamingBody(source, encoder, options)
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => body.start(controller),
      pull: () => body.pull(),
      cancel: (reason) => body.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

const utf8 = new TextEncoder()

class StreamingBody {
  readonly #source: OpenSource
  readonly #encoder: Encoder
  readonly #options: StreamingBodyOptions
  readonly #clock: Clock
  readonly #heartbeatMs: number
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #opened = false
  #over = false
  /** Whether the consumer waits for data. */
  #wanted = false
  #reading = false
  /** Frames encoded but not yet delivered. */
  #ready = ''
  /** Events that pacing delays. */
  #paced: StreamEvent[] = []
  #nextDeltaAt = 0
  #ending: StreamEnd | undefined
  #lastWriteAt = 0
  #heartbeat: Timer | undefined
  #paceTimer: Timer | undefined

  constructor(source: BatchSource | Promise<BatchSource>, encoder: Encoder, options: StreamingBodyOptions) {
    const { clock = systemClock, heartbeatMs = 15_000, coalesce } = options
    const wrap: WrapBatches = (batches) =>
      coalesce === undefined ? batches : coalesceText(batches, coalesce, clock)
    this.#source = openSource(source, wrap)
    this.#encoder = encoder
    this.#options = options
    this.#clock = clock
    this.#heartbeatMs = encoder.heartbeat === undefined ? 0 : heartbeatMs
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller
    const { signal } = this.#options
    if (signal?.aborted === true) this.#onAbort()
    else signal?.addEventListener('abort', this.#onAbort)
  }

  pull(): void {
    this.#wanted = true
    this.#advance()
  }

  cancel(reason: unknown): void {
    if (!this.#end()) return
    this.#source.cancel(reason)
    this.#reportEnd({ type: 'cancelled', reason })
  }

  readonly #onAbort = (): void => {
    if (this.#over) return
    const reason: unknown = this.#options.signal?.reason
    this.cancel(reason)
    this.#controller?.error(reason)
  }

  /** Delivers buffered frames to the pending read, or requests more. */
  #advance(): void {
    if (this.#over || !this.#wanted) return
    if (!this.#opened) return this.#open()
    if (this.#ready !== '') return this.#writeReady()
    if (this.#paced.length > 0) return this.#writePaced()
    if (this.#ending !== undefined) return this.#close(this.#ending)
    if (this.#reading) return
    this.#reading = true
    this.#source.next().then(this.#onBatch, this.#onFailure)
  }

  #open(): void {
    this.#opened = true
    this.#ready = this.#encoder.open()
    if (this.#heartbeatMs > 0) {
      this.#lastWriteAt = this.#clock.now()
      this.#heartbeat = this.#clock.setTimer(this.#beat, this.#heartbeatMs)
    }
    this.#advance()
  }

  readonly #onBatch = ({ value, done }: IteratorResult<EventBatch, unknown>): void => {
    this.#reading = false
    if (this.#over) return
    if (done === true) this.#ending ??= { type: 'done' }
    else this.#encode(value)
    this.#advance()
  }

  readonly #onFailure = (error: unknown): void => {
    this.#reading = false
    if (this.#over) return
    this.#ending ??= {
      type: 'error',
      error: toLlmError(error, 'server-failed', 'the response stream failed'),
    }
    this.#advance()
  }

  #encode(batch: EventBatch): void {
    if ((this.#options.paceMs ?? 0) > 0) this.#paced.push(...batch)
    else this.#ready += this.#framesOf(batch, true)
  }

  // A failed encoder ends the body, so that the client does not wait for more.
  #framesOf(batch: EventBatch, last: boolean): string {
    try {
      const frames = this.#encoder.encode(batch)
      return last ? frames + (this.#options.afterBatch?.() ?? '') : frames
    } catch (error) {
      this.#paced = []
      this.#source.cancel(error)
      this.#ending = {
        type: 'error',
        error: toLlmError(error, 'reply-malformed', 'the encoder failed to write the response'),
      }
      return ''
    }
  }

  #writeReady(): void {
    const frames = this.#ready
    this.#ready = ''
    this.#write(frames)
  }

  #writePaced(): void {
    const { paceMs = 0 } = this.#options
    const now = this.#clock.now()
    while (this.#paced.length > 0) {
      const [event] = this.#paced as [StreamEvent]
      const isDelta = event.type === 'text-delta' || event.type === 'reasoning-delta'
      if (isDelta && now < this.#nextDeltaAt) {
        this.#paceTimer ??= this.#clock.setTimer(this.#onDeltaDue, this.#nextDeltaAt - now)
        return
      }
      this.#paced.shift()
      const frames = this.#framesOf([event], this.#paced.length === 0)
      if (isDelta && frames !== '') this.#nextDeltaAt = now + paceMs
      if (frames !== '') return this.#write(frames)
    }
    this.#advance()
  }

  readonly #onDeltaDue = (): void => {
    this.#paceTimer = undefined
    this.#advance()
  }

  // Sent only to a waiting consumer, so that heartbeats do not pile up. The pending read of the source continues.
  readonly #beat = (): void => {
    const silentMs = this.#clock.now() - this.#lastWriteAt
    const due = silentMs >= this.#heartbeatMs
    if (due && this.#wanted && this.#ready === '') this.#write(this.#encoder.heartbeat ?? '')
    this.#heartbeat = this.#clock.setTimer(this.#beat, this.#heartbeatMs - (due ? 0 : silentMs))
  }

  #write(frames: string): void {
    this.#wanted = false
    if (this.#heartbeatMs > 0) this.#lastWriteAt = this.#clock.now()
    this.#controller?.enqueue(utf8.encode(frames))
  }

  #close(ending: StreamEnd): void {
    const last = lastFrames(this.#encoder, ending, this.#options.toPublic)
    if (!this.#end()) return
    if (typeof last !== 'string') this.#controller?.error(last.broken)
    else {
      if (last !== '') this.#write(last)
      if (ending.type === 'error' && this.#encoder.breaksOnError === true)
        this.#controller?.error(ending.error)
      else this.#controller?.close()
    }
    this.#reportEnd(ending)
  }

  #reportEnd(end: BodyEnd): void {
    // The response is over: there is no place left to report an error to.
    callSafely(() => this.#options.onEnd?.(end))
  }

  /** Releases timers and buffers. Returns false if the body had ended before. */
  #end(): boolean {
    if (this.#over) return false
    this.#over = true
    for (const timer of [this.#heartbeat, this.#paceTimer]) this.#clock.clearTimer(timer)
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
    this.#ready = ''
    this.#paced = []
    return true
  }
}

// A response without its terminal frames must not look complete, so a failed encoder breaks the body.
function lastFrames(
  encoder: Encoder,
  ending: StreamEnd,
  toPublic: StreamingBodyOptions['toPublic'],
): string | { readonly broken: unknown } {
  const unchanged = ending.type === 'done' || toPublic === undefined
  try {
    return encoder.close(unchanged ? ending : { type: 'error', error: toPublic(ending.error) })
  } catch (broken) {
    return { broken }
  }
}

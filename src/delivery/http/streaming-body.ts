import { systemClock, type Clock, type Timer } from '../../core/clock.ts'
import { toLlmError, type LlmError } from '../../core/error.ts'
import type { EventBatch, StreamEvent } from '../../core/event.ts'
import type { Encoder, StreamEnd } from '../encoders/index.ts'
import { openSource, type BatchSource, type OpenSource } from './batch-source.ts'
import { TextHold } from './text-hold.ts'

/** How a body ended: as its answer did, or left by its reader before. */
export type BodyEnd = StreamEnd | { readonly type: 'cancelled'; readonly reason: unknown }

export interface StreamingBodyOptions {
  /** Default: real time. */
  readonly clock?: Clock | undefined
  /** Longest silence before the encoder's heartbeat goes out, in milliseconds. Default 15 000; 0 turns it off. */
  readonly heartbeatMs?: number | undefined
  /** Gathers small pieces of text: they go out at `maxChars` (default 4096) or after `intervalMs` (default 50). Default: off. */
  readonly coalesce?:
    | { readonly maxChars?: number | undefined; readonly intervalMs?: number | undefined }
    | undefined
  /** Least time between two pieces of text or reasoning, in milliseconds. Default 0: as they come. */
  readonly paceMs?: number | undefined
  /** Ends the body as its reader's leaving does. */
  readonly signal?: AbortSignal | undefined
  /** Text after the frames of each batch, for example its position in a log. Ends at a frame's boundary. */
  readonly afterBatch?: (() => string) | undefined
  /** What the reader may know of an error. Default: the error as it is. */
  readonly toPublic?: ((error: LlmError) => LlmError) | undefined
  /** Called once, after the last frame was handed over or the reader has left. What it throws is passed over. */
  readonly onEnd?: ((end: BodyEnd) => void) | undefined
}

/**
 * The body of a streamed answer. It reads its source only when its own reader asks for more, so it never holds more than
 * one batch and its frames. A reader that leaves cancels the source at once. An error of the source becomes the encoder's
 * terminal frames; only where the protocol has no word for it does the body itself break off.
 */
export function streamingBody(
  source: BatchSource | Promise<BatchSource>,
  encoder: Encoder,
  options: StreamingBodyOptions = {},
): ReadableStream<Uint8Array> {
  const body = new EventBody(source, encoder, options)
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

class EventBody {
  readonly #source: OpenSource
  readonly #encoder: Encoder
  readonly #options: StreamingBodyOptions
  readonly #clock: Clock
  readonly #heartbeatMs: number
  readonly #hold: TextHold | undefined
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #opened = false
  #over = false
  /** The reader waits. */
  #wanted = false
  #reading = false
  /** Frames that came while nobody waited. */
  #ready = ''
  /** Events that wait for their turn. */
  #paced: StreamEvent[] = []
  #nextPieceAt = 0
  #ending: StreamEnd | undefined
  #lastWriteAt = 0
  #heartbeat: Timer | undefined
  #holdTimer: Timer | undefined
  #paceTimer: Timer | undefined

  constructor(source: BatchSource | Promise<BatchSource>, encoder: Encoder, options: StreamingBodyOptions) {
    const { clock = systemClock, heartbeatMs = 15_000, coalesce } = options
    this.#source = openSource(source)
    this.#encoder = encoder
    this.#options = options
    this.#clock = clock
    this.#heartbeatMs = encoder.heartbeat === undefined ? 0 : heartbeatMs
    this.#hold = coalesce === undefined ? undefined : new TextHold(coalesce.maxChars ?? 4096)
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
    this.#source.leave(reason)
    this.#tellEnd({ type: 'cancelled', reason })
  }

  readonly #onAbort = (): void => {
    if (this.#over) return
    const reason: unknown = this.#options.signal?.reason
    this.cancel(reason)
    this.#controller?.error(reason)
  }

  /** Gives the waiting reader what there is, or sees to it that something comes. */
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
    if (done === true) this.#finish({ type: 'done' })
    else this.#accept(value)
    this.#advance()
  }

  readonly #onFailure = (error: unknown): void => {
    this.#reading = false
    if (this.#over) return
    this.#finish({ type: 'error', error: toLlmError(error, 'server-failed', 'the answer failed') })
    this.#advance()
  }

  #accept(batch: EventBatch): void {
    if (this.#hold === undefined) this.#encode(batch)
    else if (this.#hold.add(batch)) this.#flush()
    else if (!this.#hold.empty)
      this.#holdTimer ??= this.#clock.setTimer(this.#onHoldDue, this.#options.coalesce?.intervalMs ?? 50)
  }

  readonly #onHoldDue = (): void => {
    this.#flush()
    this.#advance()
  }

  #flush(): void {
    this.#clock.clearTimer(this.#holdTimer)
    this.#holdTimer = undefined
    const batch = this.#hold?.take() ?? []
    if (batch.length > 0) this.#encode(batch)
  }

  #encode(batch: EventBatch): void {
    if ((this.#options.paceMs ?? 0) > 0) this.#paced.push(...batch)
    else this.#ready += this.#framesOf(batch, true)
  }

  // An encoder that fails ends the answer: its reader must not wait for the rest.
  #framesOf(batch: EventBatch, last: boolean): string {
    try {
      const frames = this.#encoder.encode(batch)
      return last ? frames + (this.#options.afterBatch?.() ?? '') : frames
    } catch (error) {
      this.#paced = []
      this.#source.leave(error)
      this.#ending = {
        type: 'error',
        error: toLlmError(error, 'reply-malformed', 'the answer could not be written'),
      }
      return ''
    }
  }

  #finish(ending: StreamEnd): void {
    this.#flush()
    this.#ending ??= ending
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
      const piece = event.type === 'text-delta' || event.type === 'reasoning-delta'
      if (piece && now < this.#nextPieceAt) {
        this.#paceTimer ??= this.#clock.setTimer(this.#onPieceDue, this.#nextPieceAt - now)
        return
      }
      this.#paced.shift()
      const frames = this.#framesOf([event], this.#paced.length === 0)
      if (piece && frames !== '') this.#nextPieceAt = now + paceMs
      if (frames !== '') return this.#write(frames)
    }
    this.#advance()
  }

  readonly #onPieceDue = (): void => {
    this.#paceTimer = undefined
    this.#advance()
  }

  // Only a reader that waits gets one, so that they never pile up; the read that is under way goes on.
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
    const last = this.#lastFrames(ending)
    if (!this.#end()) return
    if (typeof last !== 'string') this.#controller?.error(last.broken)
    else {
      if (last !== '') this.#write(last)
      if (ending.type === 'error' && this.#encoder.breaksOnError === true)
        this.#controller?.error(ending.error)
      else this.#controller?.close()
    }
    this.#tellEnd(ending)
  }

  // Without its terminal frames an answer must not look as if it had ended well.
  #lastFrames(ending: StreamEnd): string | { readonly broken: unknown } {
    const { toPublic } = this.#options
    const open = ending.type === 'done' || toPublic === undefined
    try {
      return this.#encoder.close(open ? ending : { type: 'error', error: toPublic(ending.error) })
    } catch (broken) {
      return { broken }
    }
  }

  #tellEnd(end: BodyEnd): void {
    try {
      this.#options.onEnd?.(end)
    } catch {
      // Nobody is left to hear of it: the answer is over.
    }
  }

  /** Once, at the end, whichever it is: lets go of all that was held. */
  #end(): boolean {
    if (this.#over) return false
    this.#over = true
    for (const timer of [this.#heartbeat, this.#holdTimer, this.#paceTimer]) this.#clock.clearTimer(timer)
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
    this.#ready = ''
    this.#paced = []
    this.#hold?.take()
    return true
  }
}

import type { EventBatch } from '../../../core/event.ts'
import type { Encoder, StreamEnd } from '../../../protocols/index.ts'

/** A position in the frames of one run: after frame `frame` of batch `seq`. Infinite after the last frame. */
export interface FramePosition {
  readonly runId: string
  readonly seq: number
  readonly frame: number
}

const END = 'end'
const POSITION = /^(.{1,200}):(?:(\d{1,12})(?:\.(\d{1,6}))?|end)$/

/** Parses a frame's `id`; `undefined` for any other text. */
export function readPosition(text: string | null | undefined): FramePosition | undefined {
  const match = POSITION.exec(text ?? '')
  if (match === null) return undefined
  const [, runId = '', seq, frame] = match
  if (seq === undefined) return { runId, seq: Infinity, frame: Infinity }
  return { runId, seq: Number(seq), frame: frame === undefined ? Infinity : Number(frame) }
}

/**
 * Adds an `id` to every SSE frame, by which a client can resume, and returns only frames after `after`. Pass it the
 * batches of a run from the first on: encoders are stateful, so the frames that the client has are encoded and dropped.
 */
export function numberedEncoder(inner: Encoder, runId: string, after: FramePosition | undefined): Encoder {
  return new NumberedFrames(inner, runId, after)
}

class NumberedFrames implements Encoder {
  readonly contentType: string
  readonly headers: Encoder['headers']
  readonly heartbeat: string | undefined
  readonly breaksOnError: boolean | undefined
  readonly #inner: Encoder
  readonly #runId: string
  readonly #after: FramePosition | undefined
  readonly #isSse: boolean
  #seq = 0

  constructor(inner: Encoder, runId: string, after: FramePosition | undefined) {
    this.#inner = inner
    this.#runId = runId
    this.#after = after
    this.contentType = inner.contentType
    this.headers = inner.headers
    this.heartbeat = inner.heartbeat
    this.breaksOnError = inner.breaksOnError
    this.#isSse = inner.contentType.startsWith('text/event-stream')
  }

  open(): string {
    return this.#number(this.#inner.open(), false)
  }

  encode(batch: EventBatch): string {
    this.#seq++
    return this.#number(this.#inner.encode(batch), false)
  }

  close(ending: StreamEnd): string {
    this.#seq++
    return this.#number(this.#inner.close(ending), true)
  }

  #number(text: string, isEnd: boolean): string {
    const sent = this.#sentFrames()
    if (text === '' || !this.#isSse) return sent === Infinity ? '' : text
    // The usual case: one new frame.
    if (sent === 0 && !isEnd && !text.startsWith(':') && text.indexOf('\n\n') === text.length - 2)
      return `id: ${this.#runId}:${this.#seq}.1\n${text}`
    if (sent === Infinity && !text.startsWith(':')) return ''
    const frames = text.split('\n\n').filter((frame) => frame !== '')
    let numbered = ''
    let index = 0
    for (const [at, frame] of frames.entries()) {
      if (frame.startsWith(':')) numbered += `${frame}\n\n`
      else if (++index > sent) {
        const place = isEnd && at === frames.length - 1 ? END : `${this.#seq}.${index}`
        numbered += `id: ${this.#runId}:${place}\n${frame}\n\n`
      }
    }
    return numbered
  }

  // Number of frames of this batch that the client has.
  #sentFrames(): number {
    if (this.#after === undefined || this.#seq > this.#after.seq) return 0
    return this.#seq < this.#after.seq ? Infinity : this.#after.frame
  }
}

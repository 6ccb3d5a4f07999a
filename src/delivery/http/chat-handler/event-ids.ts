import type { EventBatch } from '../../../core/event.ts'
import type { Encoder, StreamEnd } from '../../encoders/index.ts'

/** A place in the frames of one run: after frame `frame` of batch `seq`, or after everything. */
export interface FramePosition {
  readonly runId: string
  readonly seq: number
  readonly frame: number
}

const END = 'end'
const POSITION = /^(.{1,200}):(?:(\d{1,12})(?:\.(\d{1,6}))?|end)$/

/** Reads what a frame's `id` says. `undefined` for what none of ours wrote. */
export function readPosition(text: string | null | undefined): FramePosition | undefined {
  const match = POSITION.exec(text ?? '')
  if (match === null) return undefined
  const [, runId = '', seq, frame] = match
  if (seq === undefined) return { runId, seq: Infinity, frame: Infinity }
  return { runId, seq: Number(seq), frame: frame === undefined ? Infinity : Number(frame) }
}

/**
 * Puts an `id` on every frame of server-sent events, so that a reader can say which was the last it got, and gives only
 * what comes after `after`. It must see a run's batches from the first one on: what its reader has had is encoded in
 * silence, for encoders remember.
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
    const had = this.#had()
    if (text === '' || !this.#isSse) return had === Infinity ? '' : text
    // Nearly always: one frame, and it is new.
    if (had === 0 && !isEnd && !text.startsWith(':') && text.indexOf('\n\n') === text.length - 2)
      return `id: ${this.#runId}:${this.#seq}.1\n${text}`
    if (had === Infinity && !text.startsWith(':')) return ''
    const frames = text.split('\n\n').filter((frame) => frame !== '')
    let numbered = ''
    let index = 0
    for (const [at, frame] of frames.entries()) {
      if (frame.startsWith(':')) numbered += `${frame}\n\n`
      else if (++index > had) {
        const place = isEnd && at === frames.length - 1 ? END : `${this.#seq}.${index}`
        numbered += `id: ${this.#runId}:${place}\n${frame}\n\n`
      }
    }
    return numbered
  }

  // How many frames of this batch the reader has.
  #had(): number {
    if (this.#after === undefined || this.#seq > this.#after.seq) return 0
    return this.#seq < this.#after.seq ? Infinity : this.#after.frame
  }
}

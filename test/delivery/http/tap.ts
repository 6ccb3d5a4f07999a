import { LlmError } from '../../../src/core/error.ts'
import type { EventBatch } from '../../../src/core/event.ts'
import { plainSseEncoder } from '../../../src/delivery/encoders/index.ts'
import type { Encoder } from '../../../src/protocols/index.ts'
import {
  streamingBody,
  type BodyEnd,
  type StreamingBodyOptions,
} from '../../../src/delivery/http/streaming-body.ts'
import { createFakeClock, type FakeClock } from '../../../src/testing/index.ts'
import { ids } from '../encoders/answers.ts'

/** A source that a test feeds by hand. */
export class Tap implements AsyncIterable<EventBatch> {
  asked = 0
  readonly cancelled: unknown[] = []
  returned = 0
  readonly #waiting: ReturnType<typeof Promise.withResolvers<IteratorResult<EventBatch>>>[] = []
  readonly #given: (() => Promise<IteratorResult<EventBatch>>)[] = []

  give(...batch: EventBatch): void {
    this.#put(async () => ({ value: batch, done: false }))
  }

  end(): void {
    this.#put(async () => ({ value: undefined, done: true }))
  }

  fail(error: unknown): void {
    this.#put(async () => {
      throw error
    })
  }

  cancel(reason: unknown): void {
    this.cancelled.push(reason)
    this.fail(new LlmError('aborted', 'left'))
  }

  [Symbol.asyncIterator](): AsyncIterator<EventBatch> {
    return {
      next: () => {
        this.asked++
        const given = this.#given.shift()
        if (given !== undefined) return given()
        const waiting = Promise.withResolvers<IteratorResult<EventBatch>>()
        this.#waiting.push(waiting)
        return waiting.promise
      },
      return: async () => {
        this.returned++
        return { value: undefined, done: true }
      },
    }
  }

  #put(result: () => Promise<IteratorResult<EventBatch>>): void {
    const waiting = this.#waiting.shift()
    if (waiting === undefined) this.#given.push(result)
    else result().then(waiting.resolve, waiting.reject)
  }
}

export interface Bench {
  readonly tap: Tap
  readonly clock: FakeClock
  readonly ends: BodyEnd[]
  readonly body: ReadableStream<Uint8Array>
  readonly reader: ReadableStreamDefaultReader<Uint8Array>
  /** The next frames, as text; `null` at the end. */
  readonly next: () => Promise<string | null>
}

/** A body over a source that is fed by hand, and its reader. */
export function bench(options: StreamingBodyOptions = {}, encoder: Encoder = plainSseEncoder(ids)): Bench {
  const tap = new Tap()
  const clock = createFakeClock()
  const ends: BodyEnd[] = []
  const body = streamingBody(tap, encoder, { clock, onEnd: (end) => ends.push(end), ...options })
  const reader = body.getReader()
  const next = async (): Promise<string | null> => {
    const { value, done } = await reader.read()
    return done ? null : new TextDecoder().decode(value)
  }
  return { tap, clock, ends, body, reader, next }
}

import type { Clock } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import type { EventBatch } from '../core/event.ts'
import { optionsSchema } from '../core/options.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import { number, positiveMilliseconds, required, type Group } from '../core/schema.ts'

/** Buffers a stream until it has reached a minimum throughput. The attempt fails if it is slower, so that another target is tried. */
export interface ThroughputOptions {
  /** Minimum characters of text, reasoning and tool arguments per second. */
  readonly charsPerSecond: number
  /** How long the throughput is measured, in ms. Default 2 000. */
  readonly windowMs?: number | undefined
}

/** The schema of {@link ThroughputOptions}. */
export const throughputSchema: Group = optionsSchema<ThroughputOptions>()(() => ({
  charsPerSecond: required(number({ min: 0 })),
  windowMs: positiveMilliseconds,
}))

/** Resolves to the stream, with the events read so far, once it is fast enough or has ended. Rejects with `timeout` if it is too slow. */
export async function requireThroughput(
  reply: ResponseStream,
  { charsPerSecond, windowMs = 2_000 }: ThroughputOptions,
  clock: Clock,
): Promise<ResponseStream> {
  const needed = (charsPerSecond * windowMs) / 1_000
  const buffered: EventBatch[] = []
  let slow: LlmError | undefined
  let chars = 0
  const timer = clock.setTimer(() => {
    const message = `the response streamed ${Math.round((chars * 1_000) / windowMs)} characters per second, fewer than throughput.charsPerSecond (${charsPerSecond})`
    slow = new LlmError('timeout', message, { phase: 'first-content' })
    reply.cancel(slow)
  }, windowMs)
  try {
    while (chars < needed) {
      const batch = await reply.read()
      if (batch === null) break
      buffered.push(batch)
      chars += textLength(batch)
    }
  } catch (error) {
    // An error after the first content is delivered to the consumer after that content.
    if (slow !== undefined || chars === 0) throw error
  } finally {
    clock.clearTimer(timer)
  }
  return withBuffered(reply, buffered)
}

function textLength(batch: EventBatch): number {
  let length = 0
  for (const event of batch) {
    if (event.type === 'text-delta' || event.type === 'reasoning-delta') length += event.text.length
    else if (event.type === 'tool-call-delta') length += event.delta.length
  }
  return length
}

function withBuffered(reply: ResponseStream, buffered: EventBatch[]): ResponseStream {
  return {
    provider: reply.provider,
    model: reply.model,
    get attempts() {
      return reply.attempts
    },
    read: () => (buffered.length > 0 ? Promise.resolve(buffered.shift() ?? null) : reply.read()),
    cancel: (reason) => reply.cancel(reason),
    onEnd: (action) => reply.onEnd(action),
    usage: () => reply.usage(),
    snapshot: (attempts) => reply.snapshot(attempts),
  }
}

import type { Clock } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import type { EventBatch } from '../core/event.ts'
import { optionsSchema } from '../core/options.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import { MAX_TIMER_MS, number, required, type Group } from '../core/schema.ts'

/** Holds a stream back until it has shown that it is fast enough; a slow one is given up while another target may still answer. */
export interface ThroughputOptions {
  /** Characters of text and reasoning per second. */
  readonly charsPerSecond: number
  /** How long it is watched, in milliseconds. Default 2 000. */
  readonly windowMs?: number | undefined
}

/** The schema of {@link ThroughputOptions}. */
export const throughputSchema: Group = optionsSchema<ThroughputOptions>()(() => ({
  charsPerSecond: required(number({ min: 0 })),
  windowMs: number({ above: 0, max: MAX_TIMER_MS }),
}))

/** The reply with what was read so far, once it has proven its pace or ended. Rejects with `timeout` where it is too slow. */
export async function requireThroughput(
  reply: ResponseStream,
  { charsPerSecond, windowMs = 2_000 }: ThroughputOptions,
  clock: Clock,
): Promise<ResponseStream> {
  const needed = (charsPerSecond * windowMs) / 1_000
  const held: EventBatch[] = []
  let slow: LlmError | undefined
  let chars = 0
  const timer = clock.setTimer(() => {
    const message = `the answer came at ${Math.round((chars * 1_000) / windowMs)} characters per second where ${charsPerSecond} are asked for (throughput)`
    slow = new LlmError('timeout', message, { phase: 'first-content' })
    reply.cancel(slow)
  }, windowMs)
  try {
    while (chars < needed) {
      const batch = await reply.read()
      if (batch === null) break
      held.push(batch)
      chars += textLength(batch)
    }
  } catch (error) {
    // What broke after content is told after content, to the one who reads.
    if (slow !== undefined || chars === 0) throw error
  } finally {
    clock.clearTimer(timer)
  }
  return heldReply(reply, held)
}

function textLength(batch: EventBatch): number {
  let length = 0
  for (const event of batch) {
    if (event.type === 'text-delta' || event.type === 'reasoning-delta') length += event.text.length
    else if (event.type === 'tool-call-delta') length += event.delta.length
  }
  return length
}

function heldReply(reply: ResponseStream, held: EventBatch[]): ResponseStream {
  return {
    provider: reply.provider,
    model: reply.model,
    get attempts() {
      return reply.attempts
    },
    read: () => (held.length > 0 ? Promise.resolve(held.shift() ?? null) : reply.read()),
    cancel: (reason) => reply.cancel(reason),
    onEnd: (action) => reply.onEnd(action),
    usage: () => reply.usage(),
    snapshot: (attempts) => reply.snapshot(attempts),
  }
}

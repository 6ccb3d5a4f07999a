import { LlmError } from '../core/error.ts'

/** Why a call was rejected. */
export interface QueueFullDetails {
  /** Number of waiting calls. */
  readonly pending: number
  readonly maxPending: number
  /** Estimated wait of the call in ms, if known. */
  readonly estimate?: number | undefined
  /** Time until the call's deadline in ms, if the deadline is the reason. */
  readonly leftMs?: number | undefined
}

/** Creates the `queue-full` error of a call that may not wait. */
export function queueFull({ pending, maxPending, estimate, leftMs }: QueueFullDetails): LlmError {
  const wait =
    estimate === undefined ? 'its wait is not known yet' : `it would wait about ${seconds(estimate)}`
  const reason =
    leftMs === undefined
      ? `the queue is full: ${pending} calls wait (queue.maxPending ${maxPending}), ${wait}; try again later`
      : `the call would not start in time: ${pending} calls wait, ${wait}, its deadline is in ${seconds(leftMs)}`
  return new LlmError('queue-full', reason, { pending, retryAfterMs: estimate })
}

/** Creates the `timeout` error of phase `queue`. */
export function queueTimeout(waitedMs: number): LlmError {
  const message = `the call waited in the queue longer than ${waitedMs} ms (queue.timeoutMs, or its own deadline)`
  return new LlmError('timeout', message, { phase: 'queue' })
}

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.ceil(ms)} ms` : `${Math.ceil(ms / 100) / 10} s`
}

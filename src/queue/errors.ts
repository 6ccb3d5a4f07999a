import { LlmError } from '../core/error.ts'

/** Why a call may not wait, in numbers. */
export interface QueueFullDetails {
  /** Calls that wait. */
  readonly pending: number
  readonly maxPending: number
  /** What the call would have to wait, where that is known, in milliseconds. */
  readonly estimate?: number | undefined
  /** Until the call's deadline, where that is the reason. */
  readonly leftMs?: number | undefined
}

/** The refusal as the error that the caller gets: `queue-full`, with the number that waits. */
export function queueFull({ pending, maxPending, estimate, leftMs }: QueueFullDetails): LlmError {
  const wait =
    estimate === undefined ? 'its wait is not known yet' : `it would wait about ${seconds(estimate)}`
  const reason =
    leftMs === undefined
      ? `the queue is full: ${pending} calls wait (queue.maxPending ${maxPending}), ${wait}; try again later`
      : `the call would not start in time: ${pending} calls wait, ${wait}, its deadline is in ${seconds(leftMs)}`
  return new LlmError('queue-full', reason, { pending, retryAfterMs: estimate })
}

/** A call has waited too long, and never runs. */
export function queueTimeout(waitedMs: number): LlmError {
  const message = `the call waited in the queue longer than ${waitedMs} ms (queue.timeoutMs, or its own deadline)`
  return new LlmError('timeout', message, { phase: 'queue' })
}

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.ceil(ms)} ms` : `${Math.ceil(ms / 100) / 10} s`
}

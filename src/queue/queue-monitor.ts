import type { Clock } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import type { QueueOptions, RunningCall } from './call-queue.ts'
import type { QueueJob, QueueResult } from './job.ts'
import { QueueStats } from './queue-stats.ts'
import type { HeldSlot } from './slot.ts'
import type { WaitingCall } from './waiting-call.ts'

/** How a call ended. */
export interface CallOutcome {
  readonly result: QueueResult
  readonly error: unknown
  /** `undefined` if the call never ran. */
  readonly startedAt: number | undefined
}

/** Counts what happens in the queue and reports it to `observe`. */
export class QueueMonitor {
  readonly stats: QueueStats = new QueueStats()
  readonly #clock: Clock
  readonly #observe: QueueOptions['observe']

  constructor(clock: Clock, observe: QueueOptions['observe']) {
    this.#clock = clock
    this.#observe = observe
  }

  /** Counts a rejected call and returns its error. */
  refused(job: QueueJob, error: LlmError): LlmError {
    this.stats.rejected++
    this.#observe?.({ type: 'refused', job, pending: error.pending ?? 0, error })
    return error
  }

  /** Reports a call as queued, once. */
  queued(call: WaitingCall, pending: number, estimateMs: () => number | undefined): void {
    if (call.lane === undefined || !call.unreported) return
    call.unreported = false
    this.#observe?.({ type: 'queued', job: call.job, pending, estimatedWaitMs: estimateMs() })
  }

  started({ call, waitedMs }: HeldSlot, running: number): void {
    this.#observe?.({ type: 'started', job: call.job, waitedMs, running })
  }

  ended(call: WaitingCall, { result, error, startedAt }: CallOutcome): void {
    const now = this.#clock.now()
    const activity = {
      ...describeCall(call),
      waitedMs: (startedAt ?? now) - call.enqueuedAt,
      ranMs: startedAt === undefined ? 0 : now - startedAt,
      result,
      error: LlmError.is(error) ? error.kind : undefined,
      at: this.#clock.epochMs(),
    }
    this.stats.add(activity)
    this.#observe?.({ type: 'over', activity })
  }
}

/** Returns what status reports show of a call. */
export function describeCall({ job, priority }: WaitingCall): Omit<RunningCall, 'ranMs'> {
  const { requestId, user, provider, streaming = false, purpose } = job
  const called = { requestId, user, provider, priority, streaming }
  return purpose === undefined ? called : { ...called, purpose }
}

import { abortedBy, onAbort } from '../core/abort.ts'
import type { Clock } from '../core/clock.ts'
import { providerLimit, type ConcurrencyLimits } from './concurrency-limits.ts'
import type { QueueSettings } from './config.ts'
import { queueTimeout } from './errors.ts'
import type { HeldSlot } from './slot.ts'

export interface ProviderHandoverParts {
  readonly settings: QueueSettings
  readonly limits: ConcurrencyLimits
  readonly clock: Clock
  /** Called when a slot of the former provider is free. */
  readonly wake: () => void
}

/**
 * Moves running calls to another provider's limit. A call releases its former provider before it waits for the next
 * one, so that calls never wait for each other in a circle.
 */
export class ProviderHandover {
  readonly #parts: ProviderHandoverParts

  constructor(parts: ProviderHandoverParts) {
    this.#parts = parts
  }

  move(slot: HeldSlot, provider: string | undefined): Promise<void> {
    const { settings, limits, clock, wake } = this.#parts
    const { call } = slot
    const { job } = call
    if (
      providerLimit(settings, provider) === undefined &&
      providerLimit(settings, job.provider) === undefined
    )
      return Promise.resolve()
    const aborted = abortedBy(job)
    if (aborted !== undefined) return Promise.reject(aborted)
    limits.releaseProvider(call)
    return new Promise((resolve, reject) => {
      let done = false
      const end = (): void => {
        done = true
        clock.clearTimer(timer)
        removeListener()
      }
      const entered = (): void => {
        end()
        // The call ended while it waited.
        if (!slot.held) limits.releaseProvider(call)
        resolve()
      }
      const giveUp = (error: Error): void => {
        cancel()
        end()
        reject(error)
      }
      let timer: ReturnType<Clock['setTimer']> | undefined
      let removeListener = (): void => undefined
      const cancel = limits.acquireProvider(call, provider, entered)
      wake()
      if (done) return
      const { timeoutMs } = settings
      if (timeoutMs > 0) timer = clock.setTimer(() => giveUp(queueTimeout(timeoutMs)), timeoutMs)
      removeListener = onAbort(job, giveUp)
    })
  }
}

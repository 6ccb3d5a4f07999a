import { abortedBy, onAbort } from '../core/abort.ts'
import type { Clock } from '../core/clock.ts'
import type { QueueSettings } from './config.ts'
import type { HeldSlot } from './slot.ts'
import { capOf, type Scheduler } from './scheduler.ts'
import { queueTimeout } from './errors.ts'

export interface ProviderHandoverParts {
  readonly settings: QueueSettings
  readonly line: Scheduler
  readonly clock: Clock
  /** The provider that a call left may take another. */
  readonly wake: () => void
}

/** Lets running calls go on at another provider. They give their place up before they wait for one, so none waits for itself. */
export class ProviderHandover {
  readonly #parts: ProviderHandoverParts

  constructor(parts: ProviderHandoverParts) {
    this.#parts = parts
  }

  move(slot: HeldSlot, provider: string | undefined): Promise<void> {
    const { settings, line, clock, wake } = this.#parts
    const { ticket } = slot
    const { job } = ticket
    if (capOf(settings, provider) === undefined && capOf(settings, job.provider) === undefined)
      return Promise.resolve()
    const over = abortedBy(job)
    if (over !== undefined) return Promise.reject(over)
    line.leaveSeat(ticket)
    return new Promise((resolve, reject) => {
      let done = false
      const end = (): void => {
        done = true
        clock.clearTimer(timer)
        unlink()
      }
      const entered = (): void => {
        end()
        // It ended while it waited.
        if (!slot.held) line.leaveSeat(ticket)
        resolve()
      }
      const giveUp = (error: Error): void => {
        leave()
        end()
        reject(error)
      }
      let timer: ReturnType<Clock['setTimer']> | undefined
      let unlink = (): void => undefined
      const leave = line.takeSeat(ticket, provider, entered)
      wake()
      if (done) return
      const { timeoutMs } = settings
      if (timeoutMs > 0) timer = clock.setTimer(() => giveUp(queueTimeout(timeoutMs)), timeoutMs)
      unlink = onAbort(job, giveUp)
    })
  }
}

import { abortedBy, onAbort } from './abort.ts'
import type { Clock } from './clock.ts'
import { LlmError } from './error.ts'

/** A mutex: one holder at a time, in order of arrival. */
export interface Mutex {
  /**
   * Waits for the mutex and resolves to the function that releases it. Rejects with `aborted` if the signal fires, or
   * with `overloaded` after `waitMs`.
   */
  acquire(signal?: AbortSignal): Promise<() => void>
  /** Whether the mutex is held. */
  readonly held: boolean
}

export interface MutexOptions {
  readonly clock: Clock
  /** Maximum wait in ms. */
  readonly waitMs: number
}

interface Waiter {
  readonly acquire: () => void
  readonly reject: (error: LlmError) => void
}

/** Creates a free mutex. */
export function createMutex(options: MutexOptions): Mutex {
  return new FifoMutex(options)
}

class FifoMutex implements Mutex {
  readonly #options: MutexOptions
  readonly #waiters = new Set<Waiter>()
  #held = false

  constructor(options: MutexOptions) {
    this.#options = options
  }

  get held(): boolean {
    return this.#held
  }

  async acquire(signal?: AbortSignal): Promise<() => void> {
    const aborted = abortedBy({ signal })
    if (aborted !== undefined) throw aborted
    if (this.#held) await this.#wait(signal)
    this.#held = true
    return this.#releaser()
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    const { clock, waitMs } = this.#options
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#waiters.delete(waiter)
        clock.clearTimer(timer)
        removeListener()
      }
      const waiter: Waiter = {
        acquire: () => {
          end()
          resolve()
        },
        reject: (error) => {
          end()
          reject(error)
        },
      }
      const timer = clock.setTimer(() => waiter.reject(waitedTooLong(waitMs)), waitMs)
      const removeListener = onAbort({ signal }, (error) => waiter.reject(error))
      this.#waiters.add(waiter)
    })
  }

  // Hands the mutex to the next waiter without freeing it, so that no later caller gets ahead.
  #releaser(): () => void {
    let released = false
    return () => {
      if (released) return
      released = true
      const [next] = this.#waiters
      if (next === undefined) this.#held = false
      else next.acquire()
    }
  }
}

function waitedTooLong(waitMs: number): LlmError {
  const hint =
    'make the transaction that holds it shorter; inside a transaction, call its unit instead of the store'
  return new LlmError('overloaded', `the store was locked for more than ${waitMs} ms: ${hint}`, {
    code: 'store-busy',
  })
}

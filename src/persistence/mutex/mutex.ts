import { abortedBy, onAbort } from '../../core/abort.ts'
import type { Clock } from '../../core/clock.ts'
import { LlmError } from '../../core/error.ts'

/** Lets one in at a time, in the order in which they came. */
export interface Mutex {
  /** Waits for its turn; the function it gives ends it. Rejects with `aborted`, or `overloaded` after `waitMs`. */
  enter(signal?: AbortSignal): Promise<() => void>
  /** True while somebody is inside. */
  readonly taken: boolean
}

export interface MutexOptions {
  readonly clock: Clock
  /** Longest wait for a turn, in milliseconds. */
  readonly waitMs: number
}

interface Waiting {
  readonly admit: () => void
  readonly refuse: (error: LlmError) => void
}

/** Makes a gate that nobody is in. */
export function createMutex(options: MutexOptions): Mutex {
  return new Turnstile(options)
}

class Turnstile implements Mutex {
  readonly #options: MutexOptions
  readonly #line = new Set<Waiting>()
  #taken = false

  constructor(options: MutexOptions) {
    this.#options = options
  }

  get taken(): boolean {
    return this.#taken
  }

  async enter(signal?: AbortSignal): Promise<() => void> {
    const aborted = abortedBy({ signal })
    if (aborted !== undefined) throw aborted
    if (this.#taken) await this.#wait(signal)
    this.#taken = true
    return this.#leaver()
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    const { clock, waitMs } = this.#options
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#line.delete(waiting)
        clock.clearTimer(timer)
        unlink()
      }
      const waiting: Waiting = {
        admit: () => {
          end()
          resolve()
        },
        refuse: (error) => {
          end()
          reject(error)
        },
      }
      const timer = clock.setTimer(() => waiting.refuse(tooLong(waitMs)), waitMs)
      const unlink = onAbort({ signal }, (error) => waiting.refuse(error))
      this.#line.add(waiting)
    })
  }

  // The place is handed on, not given up: nobody who comes between gets in first.
  #leaver(): () => void {
    let left = false
    return () => {
      if (left) return
      left = true
      const [next] = this.#line
      if (next === undefined) this.#taken = false
      else next.admit()
    }
  }
}

function tooLong(waitMs: number): LlmError {
  const hint = 'a transaction that is long, or one that calls the store itself instead of its unit, holds it'
  return new LlmError('overloaded', `the store was not free to write for ${waitMs} ms: ${hint}`, {
    code: 'store-busy',
  })
}

import { errorTable, type LlmError } from '../core/error.ts'
import { backoffMs } from './backoff.ts'
import { RETRY_DEFAULTS, type RetryOptions } from './retry.ts'

/** Limits of the attempts of one call. */
export interface PlanOptions {
  /** Maximum number of attempts of the call, over all targets. */
  readonly attempts: number
  /** How a target is retried. Default: off; then every key of a target gets one attempt. */
  readonly retry?: RetryOptions | undefined
  /** Returns a number from 0 to 1 for the jitter. */
  readonly random: () => number
}

/** The next attempt. */
export interface Step<T> {
  readonly target: T
  /** Wait before the attempt in ms. */
  readonly waitMs: number
}

/** Conditions that the plan checks after a failed attempt. */
export interface Circumstances<T> {
  /** Takes a retry from the budget of the target's provider. Returns false if the budget is used up. */
  readonly mayRetry: () => boolean
  /** Whether another key of the target's provider is available now. */
  readonly hasOtherKey: () => boolean
  /** Whether this target may succeed with the request that failed. */
  readonly fits: (target: T) => boolean
}

// Errors of a key, not of a target: another key may succeed at once.
const KEY_FAULTS: ReadonlySet<string> = new Set(['unauthorized', 'quota-exhausted', 'rate-limited'])

/**
 * Decides which target a call tries next: a retry, another key or a fallback, within one budget of attempts. A retry never
 * uses an attempt that a later target needs.
 */
export class AttemptPlan<T> {
  readonly #targets: readonly T[]
  readonly #options: PlanOptions
  #at = 0
  #made = 0
  #retries = 0

  constructor(targets: readonly T[], options: PlanOptions) {
    this.#targets = targets
    this.#options = options
  }

  /** The current target. */
  get target(): T {
    return this.#targets[this.#at] as T
  }

  /** Counts an attempt at the current target. */
  begin(): void {
    this.#made++
  }

  /** Returns the next target without advancing; `undefined` if there is none. */
  peek(): T | undefined {
    return this.#targets[this.#at + 1]
  }

  /** Counts a hedged attempt. Returns false if no attempt is left. */
  spend(): boolean {
    if (this.#made >= this.#options.attempts) return false
    this.#made++
    return true
  }

  /** Advances to the next target without counting an attempt. Returns `undefined` if no target or no attempt is left. */
  skip(): T | undefined {
    return this.#made < this.#options.attempts ? this.#advance() : undefined
  }

  /** Returns the attempt that follows a failed one, or `undefined` if the call fails. */
  after(error: LlmError, { mayRetry, hasOtherKey, fits }: Circumstances<T>): Step<T> | undefined {
    const { retry, fallsBack } = errorTable[error.kind]
    const left = this.#options.attempts - this.#made
    if (left <= 0) return undefined
    const others = this.#targets.length - 1 - this.#at
    if (KEY_FAULTS.has(error.kind) && left > others && hasOtherKey())
      return { target: this.target, waitMs: 0 }
    const waitMs = this.#waitOf(error, others > 0 && fallsBack)
    const mayRepeat = retry && this.#options.retry !== undefined && left > others
    if (mayRepeat && waitMs !== undefined && mayRetry()) {
      this.#retries++
      return { target: this.target, waitMs }
    }
    if (!fallsBack) return undefined
    for (let next = this.#advance(); next !== undefined; next = this.#advance())
      if (fits(next)) return { target: next, waitMs: 0 }
    return undefined
  }

  #advance(): T | undefined {
    if (this.#at + 1 >= this.#targets.length) return undefined
    this.#retries = 0
    return this.#targets[++this.#at]
  }

  // Returns `undefined` if the provider asks for a longer wait than allowed. If a fallback is left, the limit is `maxBackoffMs`.
  #waitOf(error: LlmError, hasOther: boolean): number | undefined {
    const {
      backoffMs: base,
      maxBackoffMs,
      maxRetryAfterMs,
    } = { ...RETRY_DEFAULTS, ...defined(this.#options.retry) }
    const { retryAfterMs } = error
    if (retryAfterMs === undefined)
      return backoffMs(this.#retries, { backoffMs: base, maxBackoffMs }, this.#options.random)
    const maxMs = hasOther ? Math.min(maxRetryAfterMs, maxBackoffMs) : maxRetryAfterMs
    return retryAfterMs > maxMs ? undefined : retryAfterMs
  }
}

function defined(retry: RetryOptions | undefined): RetryOptions {
  return Object.fromEntries(Object.entries(retry ?? {}).filter(([, value]) => value !== undefined))
}

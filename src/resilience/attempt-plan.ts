import { errorTable, type LlmError } from '../core/error.ts'
import { backoffMs } from './backoff.ts'
import { RETRY_DEFAULTS, type RetryOptions } from './retry.ts'

export interface PlanOptions {
  /** All tries of the call. */
  readonly attempts: number
  /** How a target is tried again. Without it only another key is: every key of a target has one try. */
  readonly retry?: RetryOptions | undefined
  /** 0 to 1, for the jitter. */
  readonly random: () => number
}

/** What to do next. */
export interface Step<T> {
  readonly target: T
  /** How long to wait before it. */
  readonly waitMs: number
}

/** What the plan asks before it decides. */
export interface Circumstances<T> {
  /** May the target be tried again: is there a retry left in its provider's budget? */
  readonly mayRetry: () => boolean
  /** Is there another key of the target's provider that may be used now? */
  readonly hasOtherKey: () => boolean
  /** Could this target do what the failed one could not? */
  readonly fits: (target: T) => boolean
}

// Faults of a key, not of a target: another key may do at once.
const KEY_FAULTS: ReadonlySet<string> = new Set(['unauthorized', 'quota-exhausted', 'rate-limited'])

/**
 * The one plan of a call's tries: retry, fallback and the budget of attempts in one place. The asked-for target comes
 * first, then each other while tries are left; a retry never takes the try that a later target needs.
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

  /** The target to try now. */
  get target(): T {
    return this.#targets[this.#at] as T
  }

  /** A try of the target begins. */
  begin(): void {
    this.#made++
  }

  /** The target that would come next, if there is one. */
  peek(): T | undefined {
    return this.#targets[this.#at + 1]
  }

  /** Takes one try for a rival of the running one; false where none is left. */
  spend(): boolean {
    if (this.#made >= this.#options.attempts) return false
    this.#made++
    return true
  }

  /** The target takes no calls now: the next one, without a try spent. `undefined` where there is none. */
  skip(): T | undefined {
    return this.#made < this.#options.attempts ? this.#advance() : undefined
  }

  /** After a failed try: what comes next, or `undefined` to give up. */
  after(error: LlmError, { mayRetry, hasOtherKey, fits }: Circumstances<T>): Step<T> | undefined {
    const { retry, fallsBack } = errorTable[error.kind]
    const left = this.#options.attempts - this.#made
    if (left <= 0) return undefined
    const others = this.#targets.length - 1 - this.#at
    if (KEY_FAULTS.has(error.kind) && left > others && hasOtherKey())
      return { target: this.target, waitMs: 0 }
    const waitMs = this.#waitOf(error, others > 0 && fallsBack)
    const again = retry && this.#options.retry !== undefined && left > others
    if (again && waitMs !== undefined && mayRetry()) {
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

  // `undefined`: the provider asks for more than will be waited. With another target at hand a long wait is no bargain.
  #waitOf(error: LlmError, hasOther: boolean): number | undefined {
    const {
      backoffMs: base,
      maxBackoffMs,
      maxRetryAfterMs,
    } = { ...RETRY_DEFAULTS, ...defined(this.#options.retry) }
    const asked = error.retryAfterMs
    if (asked === undefined)
      return backoffMs(this.#retries, { backoffMs: base, maxBackoffMs }, this.#options.random)
    return asked > (hasOther ? Math.min(maxRetryAfterMs, maxBackoffMs) : maxRetryAfterMs) ? undefined : asked
  }
}

function defined(retry: RetryOptions | undefined): RetryOptions {
  return Object.fromEntries(Object.entries(retry ?? {}).filter(([, value]) => value !== undefined))
}

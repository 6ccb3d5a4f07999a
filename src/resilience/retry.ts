import { optionsSchema } from '../core/options.ts'
import { milliseconds, positiveCount, type Group } from '../core/schema.ts'
import { retryBudgetSchema, type RetryBudgetOptions } from './retry-budget.ts'

/** How often and how fast a call is retried. */
export interface RetryOptions {
  /** Maximum number of attempts of one call, over all targets. Default 3. */
  readonly attempts?: number | undefined
  /** Maximum wait before the first retry in ms; doubles with each retry. The wait is random below it. Default 250. */
  readonly backoffMs?: number | undefined
  /** Maximum wait before any retry in ms. Default 8 000. */
  readonly maxBackoffMs?: number | undefined
  /** Maximum wait that a provider may ask for, in ms; beyond it the target is not retried. Default 60 000. */
  readonly maxRetryAfterMs?: number | undefined
  /** Limits the retries at each provider to a share of its calls. Default: off. */
  readonly budget?: RetryBudgetOptions | undefined
}

/** The schema of {@link RetryOptions}. */
export const retrySchema: Group = optionsSchema<RetryOptions>()(() => ({
  attempts: positiveCount,
  backoffMs: milliseconds,
  maxBackoffMs: milliseconds,
  maxRetryAfterMs: milliseconds,
  budget: retryBudgetSchema,
}))

/** The defaults of {@link RetryOptions}. */
export const RETRY_DEFAULTS: Required<Omit<RetryOptions, 'budget'>> = Object.freeze({
  attempts: 3,
  backoffMs: 250,
  maxBackoffMs: 8_000,
  maxRetryAfterMs: 60_000,
})

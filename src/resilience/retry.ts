import { optionsSchema } from '../core/options.ts'
import { milliseconds, positiveCount, type Group } from '../core/schema.ts'
import { retryBudgetSchema, type RetryBudgetOptions } from './retry-budget.ts'

/** How often and how fast a call is tried again. */
export interface RetryOptions {
  /** All tries of one call, over all its targets. Default 3. */
  readonly attempts?: number | undefined
  /** Longest wait before the first retry, in milliseconds; doubles with each. The wait itself is drawn at random below it. Default 250. */
  readonly backoffMs?: number | undefined
  /** Default 8 000. */
  readonly maxBackoffMs?: number | undefined
  /** A provider that asks for a longer wait than this is not waited for. Default 60 000. */
  readonly maxRetryAfterMs?: number | undefined
  /** Retries of one provider as a share of its calls. Default: no bound. */
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

export const RETRY_DEFAULTS: Required<Omit<RetryOptions, 'budget'>> = Object.freeze({
  attempts: 3,
  backoffMs: 250,
  maxBackoffMs: 8_000,
  maxRetryAfterMs: 60_000,
})

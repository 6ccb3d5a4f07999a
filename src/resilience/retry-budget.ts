import { optionsSchema } from '../core/options.ts'
import { number, required, type Group } from '../core/schema.ts'

/** Limits the retries at a provider to a share of its calls, so that retries do not multiply the load of a provider that fails. */
export interface RetryBudgetOptions {
  /** Retries per call: 0.2 allows one retry for five calls. */
  readonly share: number
  /** Retries available at the start. Default 10. */
  readonly reserve?: number | undefined
}

/** The schema of {@link RetryBudgetOptions}. */
export const retryBudgetSchema: Group = optionsSchema<RetryBudgetOptions>()(() => ({
  share: required(number({ min: 0 })),
  reserve: number({ min: 0 }),
}))

/** Retry budgets by provider. */
export interface RetryBudgets {
  /** Adds the share of one call. Called at the start of every attempt. */
  deposit(provider: string): void
  /** Takes one retry. Returns false if the budget is used up. */
  withdraw(provider: string): boolean
}

// Limits what a quiet period saves, as a multiple of the reserve, because it would pay for a burst of retries.
const MAX_SAVED = 10

/** Creates retry budgets. Without options every retry is allowed. */
export function createRetryBudgets(options: RetryBudgetOptions | undefined): RetryBudgets {
  const { share = 0, reserve = 10 } = options ?? {}
  const balances = new Map<string, number>()
  const balanceOf = (provider: string): number => balances.get(provider) ?? reserve
  return {
    deposit: (provider) => {
      if (options !== undefined)
        balances.set(provider, Math.min(reserve * MAX_SAVED, balanceOf(provider) + share))
    },
    withdraw: (provider) => {
      if (options === undefined) return true
      const balance = balanceOf(provider)
      if (balance < 1) return false
      balances.set(provider, balance - 1)
      return true
    },
  }
}

import { optionsSchema } from '../core/options.ts'
import { number, required, type Group } from '../core/schema.ts'

/** Bounds retries to a share of the traffic: a provider that is down is not hit harder for it. */
export interface RetryBudgetOptions {
  /** Retries per call, for example 0.2: one retry for five calls. */
  readonly share: number
  /** Retries that are free before the share counts. Default 10. */
  readonly reserve?: number | undefined
}

/** The schema of {@link RetryBudgetOptions}. */
export const retryBudgetSchema: Group = optionsSchema<RetryBudgetOptions>()(() => ({
  share: required(number({ min: 0 })),
  reserve: number({ min: 0 }),
}))

export interface RetryBudgets {
  /** A call of the provider begins. */
  deposit(provider: string): void
  /** Takes one retry; false where the budget is spent. */
  withdraw(provider: string): boolean
}

// What is saved up in quiet times must not pay for a storm.
const MOST_SAVED = 10

/** Budgets by provider. Without options every retry is allowed. */
export function createRetryBudgets(options: RetryBudgetOptions | undefined): RetryBudgets {
  const { share = 0, reserve = 10 } = options ?? {}
  const balances = new Map<string, number>()
  const balanceOf = (provider: string): number => balances.get(provider) ?? reserve
  return {
    deposit: (provider) => {
      if (options !== undefined)
        balances.set(provider, Math.min(reserve * MOST_SAVED, balanceOf(provider) + share))
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

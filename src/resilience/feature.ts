import type { Feature } from '../core/feature.ts'
import { checkOptions } from '../core/options.ts'
import type { StageContext } from '../core/stage-context.ts'
import { AttemptRunner } from './attempt-runner.ts'
import { AttemptSender } from './attempt-sender.ts'
import { CircuitBreaking } from './circuit-breaking.ts'
import { createHealthTracker, type TargetHealth } from './health.ts'
import { KeyPools } from './key-pools.ts'
import { attemptsSchema, type AttemptsOptions } from './options.ts'
import { createRetryBudgets } from './retry-budget.ts'
import { TargetSelector } from './select-targets.ts'

/** The handle of {@link attempts}. */
export interface TargetHealthReport {
  /** Returns the health of every target that was called, by its name `provider/model`. */
  health(): Readonly<Record<string, TargetHealth>>
}

/**
 * Attempts of a call: retries, fallback, hedging, breakers, several keys and deployments, with one budget of attempts per
 * call. Without it, a call is attempted once on the requested target. Throws `misconfigured` if an option is not valid.
 */
export function attempts(options: AttemptsOptions = {}): Feature<TargetHealthReport> {
  checkOptions('attempts', attemptsSchema, options)
  return {
    name: 'attempts',
    mount: (context) => mountAttempts(context, options),
  }
}

function mountAttempts(context: StageContext, options: AttemptsOptions) {
  const health = createHealthTracker(context.clock)
  const breaking = new CircuitBreaking(context, options)
  const keys = new KeyPools(context, options.cooldownSync)
  const budgets = createRetryBudgets(options.retry?.budget)
  const { throughput } = options
  const sender = new AttemptSender(context, { health, keys, budgets, throughput })
  return {
    stages: [
      new TargetSelector(context, options, { breaking, health }),
      new AttemptRunner(context, options, { breaking, keys, budgets, sender }),
    ],
    handle: {
      health: () =>
        Object.fromEntries(health.targets().map((name) => [name, health.read(name, breaking.isOpen(name))])),
    },
    close: () => {
      breaking.close()
      keys.close()
    },
  }
}

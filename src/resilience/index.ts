export { AttemptPlan, type Circumstances, type PlanOptions, type Step } from './attempt-plan.ts'
export { backoffMs } from './backoff.ts'
export { chooseDeployment, type LoadBalancing, type Deployment } from './balance.ts'
export {
  createBreakers,
  isUpstreamFault,
  type BreakerEvent,
  type BreakerOptions,
  type Breakers,
  type BreakerState,
  type Permit,
} from './breaker.ts'
export type { BreakerSync, BreakerOpening } from './breaker-sync.ts'
export { createHealthTracker, type HealthTracker, type HealthStatus, type TargetHealth } from './health.ts'
export {
  createHealthMonitor,
  type HealthChange,
  type HealthMonitor,
  type HealthMonitorOptions,
  type HealthSource,
} from './health-monitor.ts'
export { createKeyPool, type KeyPool } from './key-pool.ts'
export { createRetryBudgets, type RetryBudgetOptions, type RetryBudgets } from './retry-budget.ts'
export type { Cooldown, CooldownSync } from './cooldown-sync.ts'
export { RETRY_DEFAULTS, type RetryOptions } from './retry.ts'

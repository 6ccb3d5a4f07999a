export { AttemptPlan, type Circumstances, type PlanOptions, type Step } from './plan.ts'
export { backoffMs } from './backoff.ts'
export { chooseDeployment, type Balance, type Deployment } from './balance.ts'
export {
  createBreakers,
  isUpstreamFault,
  type BreakerEvent,
  type BreakerOptions,
  type Breakers,
  type BreakerState,
  type Permit,
} from './breaker.ts'
export type { BreakerSync, BreakerTrip } from './breaker-sync.ts'
export { createHealthBook, type HealthBook, type HealthStatus, type TargetHealth } from './health.ts'
export {
  createHealthMonitor,
  type HealthChange,
  type HealthMonitor,
  type HealthMonitorOptions,
  type HealthSource,
} from './health-monitor.ts'
export { createKeyRing, type KeyRing } from './key-ring.ts'
export { createRetryBudgets, type RetryBudgetOptions, type RetryBudgets } from './retry-budget.ts'
export type { Rest, RestSync } from './rest-sync.ts'
export { RETRY_DEFAULTS, type RetryOptions } from './retry.ts'

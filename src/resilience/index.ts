export { attempts, type TargetHealthReport } from './feature.ts'
export {
  attemptsRows,
  attemptsSchema,
  type AttemptEvent,
  type AttemptsOptions,
  type HedgeOptions,
} from './options.ts'
export type { LoadBalancing } from './balance.ts'
export { createBreakers, type BreakerEvent, type BreakerOptions, type BreakerState } from './breaker.ts'
export type { BreakerSync, BreakerOpening } from './breaker-sync.ts'
export type { Cooldown, CooldownSync } from '../core/cooldown-sync.ts'
export type { HealthStatus, TargetHealth } from './health.ts'
export {
  createHealthMonitor,
  healthMonitorSchema,
  type HealthChange,
  type HealthMonitor,
  type HealthMonitorOptions,
  type HealthSource,
} from './health-monitor.ts'
export type { RetryBudgetOptions } from './retry-budget.ts'
export type { RetryOptions } from './retry.ts'
export type { ThroughputOptions } from './throughput.ts'

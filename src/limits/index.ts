export type { CostOf } from '../core/cost-of.ts'
export { rateLimits, rateLimitsSchema, type RateLimitsOptions } from './feature.ts'
export { inputLimits } from './input-limits-feature.ts'
export {
  defaultInputLimits,
  inputLimitsSchema,
  readInputLimits,
  requestLimitsField,
  unsafePatterns,
  type InputLimits,
  type MessageRole,
  type UnsafePattern,
} from './input-limits.ts'
export { providerQuotas, quotasSchema, type QuotaOptions } from './quota-feature.ts'
export type { AbortSources } from '../core/abort.ts'
export type { Charge, LimitKeys } from './build-charges.ts'
export {
  budgetSchema,
  layerSchema,
  limitsSchema,
  type Budget,
  type LayerLimits,
  type LimitsConfig,
  type LimitUnit,
} from './config.ts'
export { readLimitsEnv } from './env.ts'
export {
  createLimiter,
  limiterSchema,
  limitStoreField,
  type ReserveOptions,
  type Limiter,
  type LimiterOptions,
} from './limiter.ts'
export type { LimitEvent, LimiterStats } from './limiter-metrics.ts'
export {
  createMemoryLimitStore,
  type BucketState,
  type CounterState,
  type MemoryLimitState,
  type MemoryLimitStore,
} from './memory-store.ts'
export { periodAt, type Period, type PeriodSpan } from './period.ts'
export { limitPresets } from './presets.ts'
export {
  createProviderQuota,
  type ProviderQuota,
  type ProviderQuotaOptions,
  type QuotaAnswer,
  type QuotaCall,
  type QuotaCharge,
  type QuotaSnapshot,
} from './provider-quota.ts'
export { readRateHeaders, type HeaderOf, type ProviderRateLimit } from './rate-headers.ts'
export { rejectionError, type Rejection } from './rejection.ts'
export type { Reservation, SettledUsage } from './reservation.ts'
export type { BucketSnapshot, BudgetSnapshot, LimitSnapshot } from './snapshot.ts'
export type {
  BucketCharge,
  BucketDelta,
  CounterCharge,
  CounterDelta,
  LimitStore,
  StoreGrant,
  StoreReading,
  StoreRefusal,
  StoreRequest,
} from './store.ts'
export type { UserStats } from './user-stats.ts'

import { LlmError } from '../core/error.ts'
import { periods, type Period } from './period.ts'

/** Limits of one layer. An absent limit is not checked. */
export interface LayerLimits {
  readonly requestsPerMinute?: number | undefined
  readonly tokensPerMinute?: number | undefined
  /** Bucket capacity as a multiple of the limit, which bounds a burst. Default: the config's `burst`. */
  readonly burst?: number | undefined
}

/** A maximum per calendar period (UTC). Requires at least one of `tokens`, `costUsd` and `requests`. */
export interface Budget {
  /** Layer that the budget belongs to: `global`, `user`, `conversation` or a tag. Each id has its own budget. */
  readonly scope: string
  readonly per: Period
  readonly tokens?: number | undefined
  readonly costUsd?: number | undefined
  readonly requests?: number | undefined
  /**
   * What a call reserves before it runs. `worst-case` (default) reserves the whole estimate, so the budget is never
   * exceeded. `typical` reserves the ratio that recent calls really used, plus 25 %. Long responses that never arrive
   * then do not lock the budget, but the calls in flight may exceed it.
   */
  readonly reserve?: 'worst-case' | 'typical' | undefined
  /**
   * For `costUsd`: what to do with a call of unknown price. `refuse` (default) rejects it; a number reserves that many
   * USD.
   */
  readonly unknownCost?: 'refuse' | number | undefined
}

/**
 * Limits by layer: `global`, `user`, `conversation`, and any tag by its own name (`tenant`, `ip`, `model` …). A layer
 * applies to the calls that carry its id; `global` applies to all.
 */
export interface LimitsConfig {
  readonly global?: LayerLimits | undefined
  readonly user?: LayerLimits | undefined
  readonly conversation?: LayerLimits | undefined
  /** Capacity of every bucket as a multiple of its limit, rounded down, at least 1. Default 1.5. */
  readonly burst?: number | undefined
  /** Maximum wait of a call for its buckets in ms. Default 0: the call is rejected at once. */
  readonly waitMs?: number | undefined
  /** Output tokens reserved for a call without `maxTokens`. Default 1 024, or less if a bucket is smaller. */
  readonly defaultMaxTokens?: number | undefined
  readonly budgets?: readonly Budget[] | undefined
  /**
   * Maximum number of users with statistics; the least recently seen are dropped first. Default 10 000; 0 turns them
   * off.
   */
  readonly trackedUsers?: number | undefined
  readonly [layer: string]: LayerLimits | readonly Budget[] | number | undefined
}

/** The unit that a limit counts. */
export type LimitUnit = 'requests' | 'tokens' | 'cost'

/** The bucket of a layer; each id has its own. */
export interface BucketRule {
  readonly scope: string
  readonly unit: 'requests' | 'tokens'
  /** Limit per minute. */
  readonly limit: number
  readonly capacity: number
  readonly refillPerMs: number
  /** Start of the store key; the id follows it. */
  readonly prefix: string
}

/** The counter of a budget; each id has its own. */
export interface CounterRule {
  readonly scope: string
  readonly unit: LimitUnit
  readonly per: Period
  readonly limit: number
  readonly prefix: string
  readonly typical: boolean
  readonly unknownCost: 'refuse' | number
}

/** A compiled config in the order of its checks: requests, tokens, budgets; each by layer. */
export interface LimitRules {
  readonly buckets: readonly BucketRule[]
  readonly counters: readonly CounterRule[]
  readonly waitMs: number
  readonly defaultMaxTokens: number
  readonly trackedUsers: number
}

/** Default of `defaultMaxTokens`: 1 024 output tokens. */
export const DEFAULT_MAX_TOKENS: number = 1_024
const OPTIONS = { burst: 1.5, waitMs: 0, defaultMaxTokens: DEFAULT_MAX_TOKENS, trackedUsers: 10_000 } as const
const LAYERS: readonly string[] = ['global', 'user', 'conversation']
const LAYER_FIELDS: readonly string[] = ['requestsPerMinute', 'tokensPerMinute', 'burst']
const BUDGET_UNITS = { requests: 'requests', tokens: 'tokens', costUsd: 'cost' } as const
const BUDGET_FIELDS: readonly string[] = [
  'scope',
  'per',
  'reserve',
  'unknownCost',
  ...Object.keys(BUDGET_UNITS),
]

/**
 * Compiles a config. Throws `misconfigured` naming the field, because a misspelt limit would silently have no effect.
 */
export function compileLimits(config: LimitsConfig): LimitRules {
  const options = { ...OPTIONS }
  for (const name of ['burst', 'waitMs', 'defaultMaxTokens', 'trackedUsers'] as const) {
    const value = config[name]
    if (value === undefined) continue
    if (name === 'burst' ? !isPositive(value) : !(isNumber(value) && value >= 0))
      refuse(name, `takes a number ${name === 'burst' ? 'above 0' : 'of 0 or more'}`)
    Object.assign(options, { [name]: value })
  }
  const layers = layersOf(config)
  const buckets = (['requests', 'tokens'] as const).flatMap((unit) =>
    layers.flatMap(([scope, layer]) => bucketRule({ scope, unit, layer, burst: options.burst })),
  )
  return { ...options, buckets, counters: counterRules(budgetsOf(config)) }
}

function layersOf(config: LimitsConfig): [string, LayerLimits][] {
  const tags = Object.keys(config).filter(
    (name) => !(name in OPTIONS) && name !== 'budgets' && !LAYERS.includes(name),
  )
  return [...LAYERS, ...tags].flatMap((scope) => {
    const layer = config[scope]
    if (layer === undefined) return []
    if (typeof layer !== 'object' || Array.isArray(layer))
      refuse(scope, `is neither an option (${Object.keys(OPTIONS).join(', ')}, budgets) nor a layer's limits`)
    const odd = Object.keys(layer).find((field) => !LAYER_FIELDS.includes(field))
    if (odd !== undefined) refuse(`${scope}.${odd}`, `is not a limit; known: ${LAYER_FIELDS.join(', ')}`)
    return [[scope, layer as LayerLimits]]
  })
}

function budgetsOf({ budgets = [] }: LimitsConfig): readonly Budget[] {
  const given: unknown = budgets
  if (!Array.isArray(given)) refuse('budgets', 'takes a list')
  return budgets
}

interface BucketSource {
  readonly scope: string
  readonly unit: 'requests' | 'tokens'
  readonly layer: LayerLimits
  readonly burst: number
}

function bucketRule({ scope, unit, layer, burst: shared }: BucketSource): BucketRule[] {
  const field = unit === 'requests' ? 'requestsPerMinute' : 'tokensPerMinute'
  const limit = layer[field]
  if (limit === undefined) return []
  if (!isPositive(limit)) refuse(`${scope}.${field}`, 'takes a number above 0; leave it out for no limit')
  const burst = layer.burst ?? shared
  if (!isPositive(burst)) refuse(`${scope}.burst`, 'takes a number above 0')
  // 20 × 1.15 is 22.999999999999996 in doubles, but the config means 23.
  const capacity = Math.max(1, Math.floor(limit * burst + 1e-9))
  return [{ scope, unit, limit, capacity, refillPerMs: limit / 60_000, prefix: keyPrefix([unit, scope]) }]
}

function counterRules(budgets: readonly Budget[]): CounterRule[] {
  const seen = new Set<string>()
  return budgets.flatMap((budget, index) => {
    const path = `budgets.${index}`
    checkBudget(budget, path)
    const { scope, per, unknownCost = 'refuse' } = budget
    const units = (['requests', 'tokens', 'costUsd'] as const).filter((field) => budget[field] !== undefined)
    if (units.length === 0) refuse(path, 'limits nothing: give tokens, costUsd or requests')
    return units.map((field) => {
      const limit = budget[field]
      if (!isPositive(limit)) refuse(`${path}.${field}`, 'takes a number above 0')
      const unit = BUDGET_UNITS[field]
      const prefix = keyPrefix([unit, per, scope])
      if (seen.has(prefix)) refuse(`${path}.${field}`, `is given twice for ${scope} per ${per}`)
      seen.add(prefix)
      const typical = budget.reserve === 'typical' && unit !== 'requests'
      return { scope, unit, per, limit, prefix, typical, unknownCost }
    })
  })
}

function checkBudget(budget: Budget, path: string): void {
  const { scope, per, reserve = 'worst-case', unknownCost = 'refuse' } = budget
  const odd = Object.keys(budget).find((field) => !BUDGET_FIELDS.includes(field))
  if (odd !== undefined) refuse(`${path}.${odd}`, `is not known; known: ${BUDGET_FIELDS.join(', ')}`)
  if (typeof scope !== 'string' || scope === '') refuse(`${path}.scope`, 'names a layer or a tag')
  if (!periods.includes(per)) refuse(`${path}.per`, `takes one of ${periods.join(', ')}`)
  if (reserve !== 'worst-case' && reserve !== 'typical')
    refuse(`${path}.reserve`, `takes 'worst-case' or 'typical'`)
  if (unknownCost !== 'refuse' && !(isNumber(unknownCost) && unknownCost >= 0))
    refuse(`${path}.unknownCost`, `takes 'refuse' or an amount in USD`)
}

// Only the id, which comes last, may contain a slash, so two layers never share a key.
function keyPrefix(parts: readonly string[]): string {
  return `${parts.map((part) => encodeURIComponent(part)).join('/')}/`
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function isPositive(value: unknown): value is number {
  return isNumber(value) && value > 0
}

function refuse(path: string, problem: string): never {
  throw new LlmError('misconfigured', `limits: ${path} ${problem}`, {
    issues: [{ path: `limits.${path}`, message: problem }],
  })
}

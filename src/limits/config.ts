import { LlmError } from '../core/error.ts'
import { optionsSchema } from '../core/options.ts'
import {
  anyOf,
  count,
  listOf,
  milliseconds,
  nonEmptyText,
  number,
  oneOf,
  openGroup,
  required,
  type Group,
} from '../core/schema.ts'
import type { Period } from './period.ts'

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
const BUDGET_UNITS = { requests: 'requests', tokens: 'tokens', costUsd: 'cost' } as const

const positive = number({ above: 0 })
/** The schema of {@link LayerLimits}. */
export const layerSchema: Group = optionsSchema<LayerLimits>()(() => ({
  requestsPerMinute: positive,
  tokensPerMinute: positive,
  burst: positive,
}))
/** The schema of {@link Budget}. */
export const budgetSchema: Group = optionsSchema<Budget>()(() => ({
  scope: required(nonEmptyText),
  per: required(oneOf('minute', 'hour', 'day', 'month')),
  tokens: positive,
  costUsd: positive,
  requests: positive,
  reserve: oneOf('worst-case', 'typical'),
  unknownCost: anyOf(oneOf('refuse'), number({ min: 0 })),
}))
/** The schema of {@link LimitsConfig}: an object under any other name limits the tag of that name. */
export const limitsSchema: Group = openGroup(
  () => ({
    global: layerSchema,
    user: layerSchema,
    conversation: layerSchema,
    burst: positive,
    waitMs: milliseconds,
    defaultMaxTokens: count,
    budgets: listOf(budgetSchema),
    trackedUsers: count,
  }),
  layerSchema,
)

/** Compiles a checked config. Throws `misconfigured` for a budget that limits nothing, or is given twice. */
export function compileLimits(config: LimitsConfig): LimitRules {
  const { burst, waitMs, defaultMaxTokens, trackedUsers } = { ...OPTIONS, ...presentOf(config) }
  const layers = layersOf(config)
  const buckets = (['requests', 'tokens'] as const).flatMap((unit) =>
    layers.flatMap(([scope, layer]) => bucketRule({ scope, unit, layer, burst })),
  )
  const counters = counterRules(config.budgets ?? [])
  return { waitMs, defaultMaxTokens, trackedUsers, buckets, counters }
}

function presentOf(config: LimitsConfig): Partial<Record<keyof typeof OPTIONS, number>> {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined))
}

function layersOf(config: LimitsConfig): [string, LayerLimits][] {
  const tags = Object.keys(config).filter(
    (name) => !(name in OPTIONS) && name !== 'budgets' && !LAYERS.includes(name),
  )
  return [...LAYERS, ...tags].flatMap((scope) => {
    const layer = config[scope]
    return layer === undefined ? [] : [[scope, layer as LayerLimits] as [string, LayerLimits]]
  })
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
  // 20 × 1.15 is 22.999999999999996 in doubles, but the config means 23.
  const capacity = Math.max(1, Math.floor(limit * (layer.burst ?? shared) + 1e-9))
  return [{ scope, unit, limit, capacity, refillPerMs: limit / 60_000, prefix: keyPrefix([unit, scope]) }]
}

function counterRules(budgets: readonly Budget[]): CounterRule[] {
  const seen = new Set<string>()
  return budgets.flatMap((budget, index) => {
    const path = `budgets.${index}`
    const { scope, per, unknownCost = 'refuse' } = budget
    const units = (['requests', 'tokens', 'costUsd'] as const).filter((field) => budget[field] !== undefined)
    if (units.length === 0) refuse(path, 'limits nothing: give tokens, costUsd or requests')
    return units.map((field) => {
      const limit = budget[field] as number
      const unit = BUDGET_UNITS[field]
      const prefix = keyPrefix([unit, per, scope])
      if (seen.has(prefix)) refuse(`${path}.${field}`, `is given twice for ${scope} per ${per}`)
      seen.add(prefix)
      const typical = budget.reserve === 'typical' && unit !== 'requests'
      return { scope, unit, per, limit, prefix, typical, unknownCost }
    })
  })
}

// Only the id, which comes last, may contain a slash, so two layers never share a key.
function keyPrefix(parts: readonly string[]): string {
  return `${parts.map((part) => encodeURIComponent(part)).join('/')}/`
}

function refuse(path: string, problem: string): never {
  throw new LlmError('misconfigured', `limits: ${path} ${problem}`, {
    issues: [{ path: `limits.${path}`, message: problem }],
  })
}

import { callerKey, conversationKey } from '../core/caller-key.ts'
import { LlmError } from '../core/error.ts'
import type { BucketRule, CounterRule, LimitRules } from './config.ts'
import type { Rejection } from './rejection.ts'
import type { Charges, BucketEntry, CounterEntry, Settlement } from './reservation.ts'
import type { StoreRefusal } from './store.ts'

/**
 * The ids of a call. A layer whose id is absent or empty does not apply; the global layer always does. A user is the pair of
 * tenant and user id.
 */
export interface LimitKeys {
  readonly user?: string | undefined
  /** Tenant of the user and the conversation. Default: the tag `tenant`. */
  readonly tenant?: string | undefined
  /** Whether a caller without `user` counts as one user with all such callers of the tenant. Default false. */
  readonly anonymous?: boolean | undefined
  readonly conversation?: string | undefined
  /** Whether the user's access to the conversation was checked: its members then share one limit. Default false: each has its own. */
  readonly conversationChecked?: boolean | undefined
  /** Ids of the layers that the config defines itself, such as `{ tenant: 'acme', ip: '10.0.0.1' }`. */
  readonly tags?: Readonly<Record<string, string | undefined>> | undefined
}

/** The expected usage of a call. */
export interface Charge {
  /** Default 1. */
  readonly requests?: number | undefined
  /** All tokens, if known. Otherwise `inputTokens` plus `maxTokens` (or the configured default) are counted. */
  readonly tokens?: number | undefined
  readonly inputTokens?: number | undefined
  readonly maxTokens?: number | undefined
  /** Expected price; absent or `null` if unknown. */
  readonly costUsd?: number | null | undefined
  /** Whether nothing is reserved and no layer may refuse: the usage is charged when it is known. Default false. */
  readonly unrefused?: boolean | undefined
}

interface Amounts {
  readonly requests: number
  readonly tokens: number
  readonly cost: number | undefined
}

const LEARNING_RATE = 0.1
const UNLIMITED = Number.MAX_SAFE_INTEGER
const MARGIN = 1.25

/** Maps a call to bucket and counter charges, and a store rejection to a `Rejection`. */
export class ChargeBuilder {
  readonly #rules: LimitRules
  readonly #countsTokens: boolean
  /** Per budget with `reserve: 'typical'`: mean ratio of used to estimated amounts. */
  readonly #shares: Map<CounterRule, number> = new Map()

  constructor(rules: LimitRules) {
    this.#rules = rules
    this.#countsTokens = [...rules.buckets, ...rules.counters].some(({ unit }) => unit === 'tokens')
  }

  /** Returns all charges of the call, or a rejection if waiting could never help. */
  build(keys: LimitKeys, charge: Charge): Charges | Rejection {
    if (charge.unrefused === true) return this.#open(keys)
    const tokens = this.#tokens(keys, charge)
    const { requests = 1, costUsd } = charge
    const amounts: Amounts = { requests: amountOf('requests', requests), tokens, cost: costOf(costUsd) }
    const buckets: BucketEntry[] = []
    for (const rule of this.#rules.buckets) {
      const id = idOf(rule.scope, keys)
      const cost = amounts[rule.unit]
      if (id === undefined || cost === 0) continue
      if (cost > rule.capacity) return oversize(rule, cost)
      const { capacity, refillPerMs } = rule
      buckets.push({ key: rule.prefix + id, capacity, refillPerMs, cost, rule })
    }
    const counters: CounterEntry[] = []
    for (const rule of this.#rules.counters) {
      const id = idOf(rule.scope, keys)
      if (id === undefined) continue
      const estimate = rule.unit === 'cost' ? (amounts.cost ?? rule.unknownCost) : amounts[rule.unit]
      if (estimate === 'refuse') return unknownCost(rule)
      const cost = this.#expected(rule, estimate)
      if (cost > rule.limit) return oversize(rule, cost)
      counters.push({ key: rule.prefix + id, per: rule.per, limit: rule.limit, cost, estimate, rule })
    }
    return { buckets, counters, tokens, requests }
  }

  // Counters are entered without a limit, so that the store tells their period and refuses nothing.
  #open(keys: LimitKeys): Charges {
    const { buckets, counters } = this.every(keys)
    const isMeasured = ({ rule }: BucketEntry | CounterEntry): boolean => rule.unit !== 'requests'
    const unlimited = counters.filter(isMeasured).map((entry) => ({ ...entry, limit: UNLIMITED }))
    return { buckets: [], unpaid: buckets.filter(isMeasured), counters: unlimited, tokens: 0, requests: 0 }
  }

  /** Returns every bucket and counter for these ids, without a charge. `global: false` leaves the global layer out. */
  every(keys: LimitKeys, global = true): { buckets: BucketEntry[]; counters: CounterEntry[] } {
    const ruled = <Rule extends BucketRule | CounterRule>(rules: readonly Rule[]): [Rule, string][] =>
      rules.flatMap((rule) => {
        const id = rule.scope === 'global' && !global ? undefined : idOf(rule.scope, keys)
        return id === undefined ? [] : [[rule, rule.prefix + id]]
      })
    return {
      buckets: ruled(this.#rules.buckets).map(([rule, key]) => {
        const { capacity, refillPerMs } = rule
        return { key, capacity, refillPerMs, cost: 0, rule }
      }),
      counters: ruled(this.#rules.counters).map(([rule, key]) => {
        const { per, limit } = rule
        return { key, per, limit, cost: 0, estimate: 0, rule }
      }),
    }
  }

  /** Returns the first layer that refused, and the time until all layers could pay. */
  explain({ buckets, counters }: Charges, { available, used, resetMs }: StoreRefusal): Rejection {
    let retryAfterMs = 0
    let first: Omit<Rejection, 'granted' | 'retryAfterMs'> | undefined
    for (const [index, { rule, cost, capacity, refillPerMs }] of buckets.entries()) {
      const left = available[index] ?? 0
      if (left >= cost) continue
      const { scope, unit, limit } = rule
      retryAfterMs = Math.max(retryAfterMs, (cost - left) / refillPerMs)
      first ??= {
        reason: 'limit',
        scope,
        unit,
        per: 'minute',
        limit,
        capacity,
        available: left,
        needed: cost,
      }
    }
    for (const [index, { rule, cost, limit }] of counters.entries()) {
      const left = limit - (used[index] ?? 0)
      if (left + limit * 1e-9 >= cost) continue
      const { scope, unit, per } = rule
      retryAfterMs = Math.max(retryAfterMs, resetMs[index] ?? 0)
      first ??= { reason: 'budget', scope, unit, per, limit, capacity: limit, available: left, needed: cost }
    }
    if (first === undefined)
      throw new LlmError(
        'misconfigured',
        'limits: the store rejected a call that every layer can pay, which breaks the contract of LimitStore',
      )
    // Rounding errors of doubles would make 3 000 ms read 3 001, so a trifle is subtracted first.
    return { granted: false, ...first, retryAfterMs: Math.max(1, Math.ceil(retryAfterMs - 1e-4)) }
  }

  /** Updates the ratios of used to estimated amounts. */
  learn(shares: Settlement['shares']): void {
    for (const [rule, share] of shares) {
      const known = this.#shares.get(rule)
      this.#shares.set(rule, known === undefined ? share : known + (share - known) * LEARNING_RATE)
    }
  }

  #expected(rule: CounterRule, estimate: number): number {
    const share = rule.typical ? this.#shares.get(rule) : undefined
    return share === undefined ? estimate : Math.min(estimate, estimate * share * MARGIN)
  }

  #tokens(keys: LimitKeys, { tokens, inputTokens = 0, maxTokens }: Charge): number {
    if (!this.#countsTokens) return 0
    if (tokens !== undefined) return amountOf('tokens', tokens)
    const input = amountOf('inputTokens', inputTokens)
    if (maxTokens !== undefined) return input + amountOf('maxTokens', maxTokens)
    // The default is a guess, so it must not make a call too large for a small bucket.
    return Math.max(input, Math.min(input + this.#rules.defaultMaxTokens, this.#room(keys)))
  }

  /** Returns the maximum tokens that one call with these ids could ever reserve. */
  #room(keys: LimitKeys): number {
    const { buckets, counters } = this.#rules
    let room = Infinity
    for (const { unit, scope, capacity } of buckets)
      if (unit === 'tokens' && capacity < room && idOf(scope, keys) !== undefined) room = capacity
    for (const { unit, scope, limit } of counters)
      if (unit === 'tokens' && limit < room && idOf(scope, keys) !== undefined) room = limit
    return room
  }
}

function idOf(scope: string, keys: LimitKeys): string | undefined {
  if (scope === 'global') return ''
  if (scope === 'user') return userKeyOf(keys)
  if (scope === 'conversation') return conversationKey({ ...keys, tenant: tenantOf(keys) })
  const id = scope === 'tenant' ? tenantOf(keys) : keys.tags?.[scope]
  return id === '' ? undefined : id
}

/** The key of the user of a call; `undefined` if the layers of users do not apply. */
export function userKeyOf(keys: LimitKeys): string | undefined {
  const { user, anonymous } = keys
  return callerKey({ user, anonymous, tenant: tenantOf(keys) })
}

function tenantOf({ tenant, tags }: LimitKeys): string | undefined {
  return tenant ?? tags?.['tenant']
}

function amountOf(name: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value
  throw new LlmError('invalid-request', `limits: ${name} takes a number of 0 or more, not ${value}`)
}

function costOf(costUsd: number | null | undefined): number | undefined {
  return costUsd === undefined || costUsd === null ? undefined : amountOf('costUsd', costUsd)
}

function oversize(rule: BucketRule | CounterRule, needed: number): Rejection {
  const { scope, unit, limit } = rule
  const bucket = 'capacity' in rule
  const capacity = bucket ? rule.capacity : limit
  const per = bucket ? 'minute' : rule.per
  return {
    granted: false,
    reason: 'oversize',
    scope,
    unit,
    per,
    limit,
    capacity,
    available: capacity,
    needed,
  }
}

function unknownCost({ scope, unit, per, limit }: CounterRule): Rejection {
  const amounts = { limit, capacity: limit, available: limit, needed: 0 }
  return { granted: false, reason: 'unknown-cost', scope, unit, per, ...amounts }
}

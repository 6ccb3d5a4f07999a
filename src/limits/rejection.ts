import { LlmError } from '../core/error.ts'
import type { LimitUnit } from './config.ts'
import type { Period } from './period.ts'

/** Why a call was rejected. Nothing was reserved for it. */
export interface Rejection {
  readonly granted: false
  /**
   * `limit`: a bucket holds too little · `budget`: the budget of the period is used up · `oversize`: more than the
   * bucket or budget can ever hold · `unknown-cost`: a budget in USD, and no price for this call.
   */
  readonly reason: 'limit' | 'budget' | 'oversize' | 'unknown-cost'
  /** The first layer that refused. */
  readonly scope: string
  readonly unit: LimitUnit
  readonly per: Period
  readonly limit: number
  /** Capacity of the bucket; for a budget the same as `limit`. */
  readonly capacity: number
  /** What remains now. Negative if calls used more than they reserved, or if other calls already wait. */
  readonly available: number
  readonly needed: number
  /** Time until every layer could pay, in whole ms. Absent if waiting does not help. */
  readonly retryAfterMs?: number | undefined
}

/** Creates the `limit-exceeded` error of a rejection, with its scope. */
export function rejectionError(refusal: Rejection): LlmError {
  const { scope, retryAfterMs } = refusal
  return new LlmError('limit-exceeded', messageOf(refusal), { scope, retryAfterMs })
}

function messageOf(refusal: Rejection): string {
  const { reason, scope, unit, per, limit, capacity, available, needed } = refusal
  const rule = `${amount(limit, unit)} per ${per}`
  if (reason === 'unknown-cost')
    return `${scope} budget of ${rule}: the price of this call is not known; give prices, or set unknownCost`
  if (reason === 'oversize') {
    const room = refusal.capacity === limit ? rule : `${rule}, at most ${amount(capacity, unit)} at once`
    return `${scope} limit (${room}): the call needs ${amount(needed, unit)}, more than the capacity of ${number(capacity)}, so it can never pass; send less or lower maxTokens`
  }
  const left = `${number(Math.max(0, available))} left, ${number(needed)} needed`
  const burst = reason === 'limit' && capacity !== limit ? `, ${number(capacity)} at once` : ''
  return `${scope} ${reason} of ${rule}${burst}: ${left}; try again in ${span(refusal.retryAfterMs ?? 0)}`
}

function amount(value: number, unit: LimitUnit): string {
  return unit === 'cost' ? `${number(value)} USD` : `${number(value)} ${unit}`
}

// Rounded down, so that the remainder never looks sufficient.
function number(value: number): string {
  return String(Math.floor(value * 10_000 + 1e-6) / 10_000)
}

function span(ms: number): string {
  if (ms < 1000) return `${ms} ms`
  if (ms < 120_000) return `${Math.ceil(ms / 100) / 10} s`
  return ms < 7_200_000 ? `${Math.ceil(ms / 60_000)} min` : `${Math.ceil(ms / 360_000) / 10} h`
}

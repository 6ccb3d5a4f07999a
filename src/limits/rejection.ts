import { LlmError } from '../core/error.ts'
import type { LimitUnit } from './config.ts'
import type { Period } from './period.ts'

/** Why a call may not go, in numbers. Nothing was taken for it. */
export interface Rejection {
  readonly granted: false
  /**
   * `limit`: a bucket is too empty · `budget`: the period's budget is used up · `oversize`: more than the bucket or
   * budget can ever hold · `unknown-cost`: a budget in USD, and no price for this call.
   */
  readonly reason: 'limit' | 'budget' | 'oversize' | 'unknown-cost'
  /** The first layer that refused. */
  readonly scope: string
  readonly unit: LimitUnit
  readonly per: Period
  readonly limit: number
  /** What the bucket holds when full; for a budget the same as `limit`. */
  readonly capacity: number
  /** What is left now; below 0 where calls used more than was reserved for them, or wait already. */
  readonly available: number
  readonly needed: number
  /** Until every layer could pay, in whole milliseconds. Absent where waiting does not help. */
  readonly retryAfterMs?: number | undefined
}

/** The refusal as the error that the caller gets: `limit-exceeded` with its scope, the numbers in the message. */
export function rejectionError(refusal: Rejection): LlmError {
  const { scope, retryAfterMs } = refusal
  return new LlmError('limit-exceeded', words(refusal), { scope, retryAfterMs })
}

function words(refusal: Rejection): string {
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

// Rounded down: what is left must never look like enough.
function number(value: number): string {
  return String(Math.floor(value * 10_000 + 1e-6) / 10_000)
}

function span(ms: number): string {
  if (ms < 1000) return `${ms} ms`
  if (ms < 120_000) return `${Math.ceil(ms / 100) / 10} s`
  return ms < 7_200_000 ? `${Math.ceil(ms / 60_000)} min` : `${Math.ceil(ms / 360_000) / 10} h`
}

import type { BucketRule, CounterRule, LimitUnit } from './config.ts'
import type { BucketCharge, BucketDelta, CounterCharge, CounterDelta } from './store.ts'
import type { UserCounter } from './user-stats.ts'

/** What a call really used. A response's `usage` fits as it is. */
export interface SettledUsage {
  readonly totalTokens: number
  /** True where nobody measured it: such usage may charge more, and never gives back. */
  readonly estimated?: boolean | undefined
}

/** Room that a call holds in every layer. Settle or release it exactly once; what comes after the first does nothing. */
export interface Reservation {
  readonly granted: true
  /** The tokens booked. */
  readonly tokens: number
  /** How long the call waited for its turn, in milliseconds. */
  readonly waitedMs: number
  /**
   * The call ran: books what it used in place of what was reserved. Measured usage gives back or charges more;
   * estimated or unknown usage gives nothing back. `costUsd` is `null` where no price is known. The request counts.
   */
  settle(usage?: SettledUsage, costUsd?: number | null): void
  /** The call never ran: gives everything back, the request too. */
  release(): void
}

/** A bucket that a call paid from, with its rule. */
export interface BucketEntry extends BucketCharge {
  readonly rule: BucketRule
}
/** A counter that a call was booked on, with its rule and the whole estimate. */
export interface CounterEntry extends CounterCharge {
  readonly rule: CounterRule
  readonly estimate: number
}

/** Everything one call has to pay. */
export interface Charges {
  readonly buckets: readonly BucketEntry[]
  readonly counters: readonly CounterEntry[]
  readonly tokens: number
}

/** The end of a reservation, as changes of buckets and counters. */
export interface Settlement {
  readonly released: boolean
  readonly buckets: readonly BucketDelta[]
  readonly counters: readonly CounterDelta[]
  /** The tokens that count in the end. */
  readonly tokens: number
  /** The shares of their estimates that a measured call used, for budgets that book typical usage. */
  readonly shares: ReadonlyArray<readonly [rule: CounterRule, share: number]>
}

interface ReservationParts extends Charges {
  /** The store's time of the grant. */
  readonly at: number
  readonly periods: readonly number[]
  readonly user: UserCounter | undefined
  readonly end: (reservation: OpenReservation, settlement: Settlement) => void
}

const NO_SHARES: readonly (readonly [rule: CounterRule, share: number])[] = []

/** A granted booking until it is settled or released. */
export class OpenReservation implements Reservation {
  readonly granted = true
  readonly #parts: ReservationParts
  waitedMs = 0
  /** The buckets in whose lines it stood when it gave up waiting. */
  left: readonly string[] = []
  #open = true

  constructor(parts: ReservationParts) {
    this.#parts = parts
  }

  get tokens(): number {
    return this.#parts.tokens
  }

  get buckets(): readonly BucketEntry[] {
    return this.#parts.buckets
  }

  /** Where the call is counted for its user. */
  get user(): UserCounter | undefined {
    return this.#parts.user
  }

  settle(usage?: SettledUsage, costUsd?: number | null): void {
    if (!this.#open) return
    this.#open = false
    const measured = usage !== undefined && usage.estimated !== true
    const tokens = amountOf(usage?.totalTokens)
    const used: Used = { requests: undefined, tokens, cost: amountOf(costUsd), measured }
    const counted = tokens === undefined || !measured ? Math.max(tokens ?? 0, this.tokens) : tokens
    this.#end({
      released: false,
      tokens: counted,
      shares: measured ? this.#shares(used) : NO_SHARES,
      ...this.#deltas((unit, reserved) => change(used, unit, reserved)),
    })
  }

  release(): void {
    if (!this.#open) return
    this.#open = false
    this.#end({
      released: true,
      tokens: 0,
      shares: NO_SHARES,
      ...this.#deltas((_unit, reserved) => -reserved),
    })
  }

  #end(settlement: Settlement): void {
    this.#parts.end(this, settlement)
  }

  // Plain loops: this runs once for every call.
  #deltas(changeOf: (unit: LimitUnit, reserved: number) => number): Pick<Settlement, 'buckets' | 'counters'> {
    const { at, periods } = this.#parts
    const buckets: BucketDelta[] = []
    for (const { key, capacity, refillPerMs, cost, rule } of this.#parts.buckets) {
      const delta = changeOf(rule.unit, cost)
      if (delta !== 0) buckets.push({ key, capacity, refillPerMs, delta, at })
    }
    const counters: CounterDelta[] = []
    for (const [index, { key, per, cost, rule }] of this.#parts.counters.entries()) {
      const delta = changeOf(rule.unit, cost)
      if (delta !== 0) counters.push({ key, per, delta, period: periods[index] ?? 0 })
    }
    return { buckets, counters }
  }

  #shares(used: Used): Settlement['shares'] {
    const shares: [CounterRule, number][] = []
    for (const { rule, estimate } of this.#parts.counters) {
      const actual = used[rule.unit]
      if (rule.typical && actual !== undefined && estimate > 0) shares.push([rule, actual / estimate])
    }
    return shares
  }
}

interface Used extends Readonly<Record<LimitUnit, number | undefined>> {
  readonly measured: boolean
}

function change(used: Used, unit: LimitUnit, reserved: number): number {
  const actual = used[unit]
  if (actual === undefined) return 0
  return used.measured ? actual - reserved : Math.max(0, actual - reserved)
}

// A figure that is no amount, as broken usage reports are, must not reach a bucket: NaN would stay in it for ever.
function amountOf(value: number | null | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}

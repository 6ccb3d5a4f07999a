import type { BucketRule, CounterRule, LimitUnit } from './config.ts'
import type { BucketCharge, BucketDelta, CounterCharge, CounterDelta } from './store.ts'
import type { UserCounter } from './user-stats.ts'

/** The actual usage of a call. The `usage` of a response has this shape. */
export interface SettledUsage {
  readonly totalTokens: number
  /** Whether the usage is estimated. It settles like reported usage, and is counted as estimated. */
  readonly estimated?: boolean | undefined
}

/** Usage that a call has reserved in every layer. Only the first `settle()` or `release()` has an effect. */
export interface Reservation {
  readonly granted: true
  /** Reserved tokens. */
  readonly tokens: number
  /** How long the call waited for its buckets, in ms. */
  readonly waitedMs: number
  /**
   * Replaces the reserved amounts with the actual usage, reported or estimated, and refunds or charges the difference.
   * Without `usage` the reserved amounts stay. `costUsd` is `null` if no price is known. The request still counts.
   */
  settle(usage?: SettledUsage, costUsd?: number | null): void
  /** Refunds everything, including the request, because the call never ran. */
  release(): void
}

/** A bucket charge and its rule. */
export interface BucketEntry extends BucketCharge {
  readonly rule: BucketRule
}
/** A counter charge, its rule, and the whole estimate. */
export interface CounterEntry extends CounterCharge {
  readonly rule: CounterRule
  readonly estimate: number
}

/** Everything that one call has to pay. */
export interface Charges {
  readonly buckets: readonly BucketEntry[]
  readonly counters: readonly CounterEntry[]
  readonly tokens: number
  /** Requests that the call counts as. */
  readonly requests: number
  /** Buckets that are charged at the settlement alone. */
  readonly unpaid?: readonly BucketEntry[] | undefined
}

/** The changes to buckets and counters that end a reservation. */
export interface Settlement {
  readonly released: boolean
  /** Whether `tokens` are estimated. */
  readonly estimated: boolean
  readonly buckets: readonly BucketDelta[]
  readonly counters: readonly CounterDelta[]
  /** Tokens that finally count. */
  readonly tokens: number
  /** Ratios of used to estimated amounts, for budgets with `reserve: 'typical'`. */
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

/** A granted reservation until it is settled or released. */
export class OpenReservation implements Reservation {
  readonly granted = true
  readonly #parts: ReservationParts
  waitedMs = 0
  /** Keys of the buckets that the call still waited for when it gave up. */
  leftLines: readonly string[] = []
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

  get requests(): number {
    return this.#parts.requests
  }

  /** The statistics of the call's user. */
  get user(): UserCounter | undefined {
    return this.#parts.user
  }

  settle(usage?: SettledUsage, costUsd?: number | null): void {
    if (!this.#open) return
    this.#open = false
    const tokens = amountOf(usage?.totalTokens)
    const used: Used = { requests: undefined, tokens, cost: amountOf(costUsd) }
    this.#end({
      released: false,
      estimated: usage?.estimated === true,
      tokens: tokens ?? this.tokens,
      shares: this.#shares(used),
      ...this.#deltas((unit, reserved) => change(used, unit, reserved)),
    })
  }

  release(): void {
    if (!this.#open) return
    this.#open = false
    this.#end({
      released: true,
      estimated: false,
      tokens: 0,
      shares: NO_SHARES,
      ...this.#deltas((_unit, reserved) => -reserved),
    })
  }

  #end(settlement: Settlement): void {
    this.#parts.end(this, settlement)
  }

  // Plain loops for speed, because this runs once per call.
  #deltas(changeOf: (unit: LimitUnit, reserved: number) => number): Pick<Settlement, 'buckets' | 'counters'> {
    const { at, periods, unpaid } = this.#parts
    const charged = unpaid ?? this.#parts.buckets
    const buckets: BucketDelta[] = []
    for (const { key, capacity, refillPerMs, cost, rule } of charged) {
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

type Used = Readonly<Record<LimitUnit, number | undefined>>

function change(used: Used, unit: LimitUnit, reserved: number): number {
  const actual = used[unit]
  return actual === undefined ? 0 : actual - reserved
}

// Broken usage reports contain invalid numbers, and a NaN would stay in a bucket for ever.
function amountOf(value: number | null | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}

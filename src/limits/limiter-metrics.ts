import type { LimitKeys } from './build-charges.ts'
import type { Rejection } from './rejection.ts'

/**
 * A decision of the limiter. `waiting` is followed by `granted` when the wait ends, or by `released` if the call gave
 * up.
 */
export type LimitEvent =
  | {
      readonly type: 'granted' | 'waiting'
      readonly keys: LimitKeys
      readonly tokens: number
      readonly waitMs: number
    }
  | { readonly type: 'refused'; readonly keys: LimitKeys; readonly refusal: Rejection }
  | EndEvent

/** The end of a reservation. */
export interface EndEvent {
  readonly type: 'settled' | 'released'
  /** Tokens that were expected. */
  readonly reserved: number
  /** Tokens that were charged. */
  readonly tokens: number
  /** Whether `tokens` are estimated, because the provider reported none. */
  readonly estimated: boolean
}

/** Counts since the limiter was created. */
export interface LimiterStats {
  readonly granted: number
  readonly refused: number
  /** Rejected calls by the layer that refused. */
  readonly refusedBy: Readonly<Record<string, number>>
  /** Calls that started after a wait. */
  readonly waited: number
  /** Calls that are waiting now. */
  readonly waiting: number
  /** Reservations not yet settled or released. */
  readonly open: number
  /** Tokens charged for ended calls. */
  readonly chargedTokens: number
  /** The part of `chargedTokens` that is estimated, because the provider reported no usage. */
  readonly estimatedTokens: number
  /** Settlements that the store failed to record. */
  readonly storeFailures: number
}

/** A reservation that the store granted, after a wait of `waitMs`. */
interface Grant {
  readonly tokens: number
  readonly waitMs: number
}

/** Counts the decisions of a limiter, and reports each to its observer. */
export class LimiterMetrics {
  readonly #observe: ((event: LimitEvent) => void) | undefined
  readonly #refusedBy: Map<string, number> = new Map()
  #granted = 0
  #refused = 0
  #waited = 0
  #open = 0
  #chargedTokens = 0
  #estimatedTokens = 0
  #storeFailures = 0

  constructor(observe: ((event: LimitEvent) => void) | undefined) {
    this.#observe = observe
  }

  /** Counts a reservation. Its call starts at once, or waits first if `waitMs` is above 0. */
  reserved(keys: LimitKeys, { tokens, waitMs }: Grant): void {
    this.#granted++
    this.#open++
    this.#observe?.({ type: waitMs > 0 ? 'waiting' : 'granted', keys, tokens, waitMs })
  }

  /** Counts a call that starts after a wait. */
  startedAfterWait(keys: LimitKeys, { tokens, waitMs }: Grant): void {
    this.#waited++
    this.#observe?.({ type: 'granted', keys, tokens, waitMs })
  }

  /** Counts a rejected call by the layer that refused. */
  refused(keys: LimitKeys, refusal: Rejection): void {
    this.#refused++
    this.#refusedBy.set(refusal.scope, (this.#refusedBy.get(refusal.scope) ?? 0) + 1)
    this.#observe?.({ type: 'refused', keys, refusal })
  }

  /** Counts the end of a reservation. */
  ended(event: EndEvent): void {
    this.#open--
    this.#chargedTokens += event.tokens
    if (event.estimated) this.#estimatedTokens += event.tokens
    this.#observe?.(event)
  }

  /** Counts a settlement that the store failed to record. */
  storeFailed(): void {
    this.#storeFailures++
  }

  /** Returns the counts; `waiting` is the number of calls that wait now. */
  stats(waiting: number): LimiterStats {
    return {
      granted: this.#granted,
      refused: this.#refused,
      refusedBy: Object.fromEntries(this.#refusedBy),
      waited: this.#waited,
      waiting,
      open: this.#open,
      chargedTokens: this.#chargedTokens,
      estimatedTokens: this.#estimatedTokens,
      storeFailures: this.#storeFailures,
    }
  }
}

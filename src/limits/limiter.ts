import { systemClock, type Clock } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import { guarded, isPromise } from '../core/host-function.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { clockField } from '../core/port-fields.ts'
import { callable, required, withMethods, type Field, type Group } from '../core/schema.ts'
import { abortedBy, onAbort, untilAborted, type AbortSources } from '../core/abort.ts'
import { ChargeBuilder, userKeyOf, type Charge, type LimitKeys } from './build-charges.ts'
import { compileLimits, limitsSchema, type LimitsConfig } from './config.ts'
import { LimiterMetrics, type LimitEvent, type LimiterStats } from './limiter-metrics.ts'
import { createMemoryLimitStore } from './memory-store.ts'
import { rejectionError, type Rejection } from './rejection.ts'
import { OpenReservation, type Charges, type Reservation, type Settlement } from './reservation.ts'
import { describeLimits, type LimitSnapshot } from './snapshot.ts'
import type { LimitStore, StoreGrant, StoreRefusal } from './store.ts'
import { UserStatsTable, type UserStats } from './user-stats.ts'
import { WaitQueue, type WaitingCall } from './wait-queue.ts'

/** Options of {@link createLimiter}. */
export interface LimiterOptions {
  readonly limits: LimitsConfig
  readonly clock?: Clock | undefined
  /**
   * Store of buckets and counters. Default: the memory of this process. The limiter never closes a store that was
   * passed in.
   */
  readonly store?: LimitStore | undefined
  /** Called with every decision. Must not throw. */
  readonly observe?: ((event: LimitEvent) => void) | undefined
}

/** How long a call may wait for its reservation, and what aborts the wait. */
export interface ReserveOptions extends AbortSources {
  /** Maximum wait of this call in ms. Default: the config's `waitMs`. */
  readonly waitMs?: number | undefined
  /** Latest start of the call, as a time of the clock. */
  readonly deadlineAt?: number | undefined
}

/** Reserves usage in every layer at once, or in none. */
export interface Limiter {
  /** Whether a layer or a budget counts tokens or cost. If not, a charge needs no tokens. */
  readonly countsTokens: boolean
  /**
   * Decides at once, without waiting; returns no promise with the memory store. Every reservation must be settled or
   * released.
   */
  reserve(keys: LimitKeys, charge?: Charge): Reservation | Rejection | Promise<Reservation | Rejection>
  /**
   * Resolves to a reservation, after a wait if `waitMs` allows one. Rejects with `limit-exceeded`, at once if the wait
   * would be too long, or with what ended the wait. A rejected call has reserved nothing.
   */
  reserveOrWait(keys: LimitKeys, charge?: Charge, options?: ReserveOptions): Promise<Reservation>
  /** Returns the current state of all layers and budgets for these ids. */
  snapshot(keys: LimitKeys): Promise<LimitSnapshot>
  /**
   * Refills the buckets of these ids, and of the known conversations of the user. Without ids, refills the global
   * buckets. `budgets: true` resets their budgets too.
   */
  reset(keys: LimitKeys, options?: { readonly budgets?: boolean | undefined }): Promise<void>
  /** Returns the statistics of a user of a tenant, or `undefined` if the user is unknown or was dropped. */
  user(id: string, tenant?: string): UserStats | undefined
  /** Returns counts since the limiter was created. */
  stats(): LimiterStats
  /** Rejects new calls, and waiting ones with `aborted`. Stops all timers. */
  close(): void
}

/** A {@link LimitStore} as an option. */
export const limitStoreField: Field = withMethods('reserve', 'settle', 'read')
/** The schema of {@link LimiterOptions}. */
export const limiterSchema: Group = optionsSchema<LimiterOptions>()(() => ({
  limits: required(limitsSchema),
  clock: clockField,
  store: limitStoreField,
  observe: callable,
}))

/** Creates a limiter. Throws `misconfigured` naming the field that is wrong. */
export function createLimiter(options: LimiterOptions): Limiter {
  checkOptions('createLimiter', limiterSchema, options)
  const core = new LimiterCore(options)
  return {
    countsTokens: core.countsTokens,
    reserve: (keys, charge = {}) => core.reserve(keys, charge),
    reserveOrWait: (keys, charge = {}, how = {}) => core.reserveOrWait(keys, charge, how),
    snapshot: (keys) => core.snapshot(keys),
    reset: (keys, how) => core.reset(keys, how?.budgets === true),
    user: (id, tenant) => core.users.read(userKeyOf({ user: id, tenant })),
    stats: () => core.stats(),
    close: () => core.close(),
  }
}

/** A reservation, with the waits of its buckets and the longest of them in ms. */
interface Granted {
  readonly reservation: OpenReservation
  readonly waits: readonly number[]
  readonly waitMs: number
}

class LimiterCore {
  readonly users: UserStatsTable
  readonly countsTokens: boolean
  readonly #clock: Clock
  readonly #store: LimitStore
  readonly #builder: ChargeBuilder
  readonly #waitMs: number
  readonly #waitQueue: WaitQueue
  readonly #metrics: LimiterMetrics
  #closed = false

  constructor({ limits, clock = systemClock, store, observe }: LimiterOptions) {
    const rules = compileLimits(limits)
    this.countsTokens = [...rules.buckets, ...rules.counters].some(({ unit }) => unit !== 'requests')
    this.#clock = clock
    this.#store = store ?? createMemoryLimitStore(clock)
    this.#builder = new ChargeBuilder(rules)
    this.#waitMs = rules.waitMs
    this.#waitQueue = new WaitQueue(clock)
    this.#metrics = new LimiterMetrics(observe && guarded(observe))
    this.users = new UserStatsTable(clock, rules.trackedUsers)
  }

  reserve(keys: LimitKeys, charge: Charge): Reservation | Rejection | Promise<Reservation | Rejection> {
    const decision = this.#evaluate(keys, charge, 0)
    if (decision instanceof Promise)
      return decision.then((late) => ('granted' in late ? late : late.reservation))
    return 'granted' in decision ? decision : decision.reservation
  }

  reserveOrWait(keys: LimitKeys, charge: Charge, options: ReserveOptions): Promise<Reservation> {
    try {
      const ended = abortedBy(options)
      if (ended !== undefined) throw ended
      const { waitMs = this.#waitMs, deadlineAt = Infinity } = options
      const allowed = Math.max(0, Math.min(waitMs, deadlineAt - this.#clock.now()))
      const decision = this.#evaluate(keys, charge, allowed)
      // Most decisions are synchronous, and a promise for each would double their cost.
      return decision instanceof Promise
        ? untilAborted(options, decision, discard).then((late) => this.#take(keys, late, options))
        : Promise.resolve(this.#take(keys, decision, options))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #take(
    keys: LimitKeys,
    decision: Granted | Rejection,
    options: ReserveOptions,
  ): Reservation | Promise<Reservation> {
    if ('granted' in decision) throw rejectionError(decision)
    const { reservation } = decision
    const ended = abortedBy(options) ?? (this.#closed ? closedError() : undefined)
    if (ended !== undefined) {
      reservation.release()
      throw ended
    }
    return decision.waitMs > 0 ? this.#wait(keys, decision, options).then(() => reservation) : reservation
  }

  async snapshot(keys: LimitKeys): Promise<LimitSnapshot> {
    const { buckets, counters } = this.#builder.every(keys)
    const reading = await this.#store.read(buckets, counters)
    return describeLimits({ buckets, counters, reading, user: this.users.read(userKeyOf(keys)) })
  }

  async reset(keys: LimitKeys, budgets: boolean): Promise<void> {
    const conversations = this.users.conversationsOf(userKeyOf(keys))
    const named = [keys.user, keys.conversation, ...Object.values(keys.tags ?? {})].some(Boolean)
    const own = this.#builder.every(keys, !named)
    const { user, tenant = keys.tags?.['tenant'], anonymous } = keys
    const others = conversations.flatMap((conversation) =>
      [false, true].flatMap((conversationChecked) => {
        const shared = { tenant, conversation, conversationChecked }
        return this.#builder.every(conversationChecked ? shared : { ...shared, user, anonymous }, false)
          .buckets
      }),
    )
    const freed = [...own.buckets, ...others].map(({ key }) => key)
    await this.#store.reset([...freed, ...(budgets ? own.counters.map(({ key }) => key) : [])])
    for (const key of freed) this.#waitQueue.free(key)
  }

  stats(): LimiterStats {
    return this.#metrics.stats(this.#waitQueue.size)
  }

  close(): void {
    this.#closed = true
    for (const call of this.#waitQueue.clear()) call.end(closedError())
  }

  #evaluate(
    keys: LimitKeys,
    charge: Charge,
    maxWaitMs: number,
  ): Granted | Rejection | Promise<Granted | Rejection> {
    if (this.#closed) throw closedError()
    const charges = this.#builder.build(keys, charge)
    if ('granted' in charges) return this.#refuse(keys, charges)
    const { buckets, counters } = charges
    const verdict = this.#store.reserve({ buckets, counters, maxWaitMs })
    if (isPromise(verdict)) return Promise.resolve(verdict).then((late) => this.#decide(keys, charges, late))
    return this.#decide(keys, charges, verdict)
  }

  #decide(keys: LimitKeys, charges: Charges, verdict: StoreGrant | StoreRefusal): Granted | Rejection {
    if (!verdict.granted) return this.#refuse(keys, this.#builder.explain(charges, verdict))
    const { at, periods, waits, waitMs } = verdict
    const { buckets, counters, tokens, requests, unpaid } = charges
    const user = this.users.enter(userKeyOf(keys), keys.conversation, { tokens, requests })
    const end = this.#end
    const reservation = new OpenReservation({
      buckets,
      counters,
      tokens,
      requests,
      unpaid,
      at,
      periods,
      user,
      end,
    })
    this.#metrics.reserved(keys, { tokens, waitMs })
    return { reservation, waits, waitMs }
  }

  #refuse(keys: LimitKeys, refusal: Rejection): Rejection {
    this.#metrics.refused(keys, refusal)
    return refusal
  }

  #wait(keys: LimitKeys, { reservation, waits, waitMs }: Granted, options: AbortSources): Promise<void> {
    const since = this.#clock.now()
    const debts = reservation.buckets.flatMap(({ key, cost, refillPerMs }, index) => {
      const wait = waits[index] ?? waitMs
      return wait > 0 ? [{ key, at: since + wait, costMs: cost / refillPerMs }] : []
    })
    // A call without debts has nothing to wait for.
    if (debts.length === 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const call: WaitingCall = {
        debts,
        start: () => {
          removeListener()
          const waited = this.#clock.now() - since
          reservation.waitedMs = waited
          this.#metrics.startedAfterWait(keys, { tokens: reservation.tokens, waitMs: waited })
          resolve()
        },
        end: (error) => {
          removeListener()
          reservation.leftLines = this.#waitQueue.remove(call)
          reservation.release()
          reject(error)
        },
      }
      this.#waitQueue.add(call)
      const removeListener = onAbort(options, (error) => call.end(error))
    })
  }

  readonly #end = (reservation: OpenReservation, settlement: Settlement): void => {
    const { buckets, counters, tokens, released, estimated, shares } = settlement
    this.#builder.learn(shares)
    reservation.user?.add(
      this.#clock.now(),
      released ? -reservation.requests : 0,
      tokens - reservation.tokens,
    )
    this.#metrics.ended({
      type: released ? 'released' : 'settled',
      reserved: reservation.tokens,
      tokens,
      estimated,
    })
    if (buckets.length + counters.length === 0) return
    const moved = (applied: readonly number[]): void => {
      if (this.#waitQueue.size === 0) return
      for (const [index, { key, refillPerMs }] of buckets.entries()) {
        const delta = applied[index] ?? 0
        // When a waiting call gives up, the calls behind it have already moved forward.
        if (delta < 0 && !reservation.leftLines.includes(key))
          this.#waitQueue.advance(key, -delta / refillPerMs)
      }
    }
    const failed = (): void => this.#metrics.storeFailed()
    try {
      const applied = this.#store.settle(buckets, counters)
      if (isPromise(applied)) Promise.resolve(applied).then(moved).catch(failed)
      else moved(applied)
    } catch {
      failed()
    }
  }
}

// A store granted what the call no longer waits for.
function discard(late: Granted | Rejection): void {
  if (!('granted' in late)) late.reservation.release()
}

function closedError(): LlmError {
  return new LlmError('aborted', 'the limiter is closed; create a new one to make calls')
}

import { systemClock, type Clock } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import { abortedBy, onAbort, type AbortSources } from '../core/abort.ts'
import { ChargeBuilder, type Charge, type LimitKeys } from './build-charges.ts'
import { compileLimits, type LimitsConfig } from './config.ts'
import { createMemoryLimitStore } from './memory-store.ts'
import { rejectionError, type Rejection } from './rejection.ts'
import { OpenReservation, type Charges, type Reservation, type Settlement } from './reservation.ts'
import { describeLimits, type LimitSnapshot } from './snapshot.ts'
import type { LimitStore, StoreGrant, StoreRefusal } from './store.ts'
import { UserStatsTable, type UserStats } from './user-stats.ts'
import { WaitQueue, type WaitingCall } from './wait-queue.ts'

/** A decision, with the numbers behind it. `waiting` is followed by `granted` when the turn has come, or by `released`. */
export type LimitEvent =
  | {
      readonly type: 'granted' | 'waiting'
      readonly keys: LimitKeys
      readonly tokens: number
      readonly waitMs: number
    }
  | { readonly type: 'refused'; readonly keys: LimitKeys; readonly refusal: Rejection }
  | { readonly type: 'settled' | 'released'; readonly reserved: number; readonly tokens: number }

export interface LimiterOptions {
  readonly limits: LimitsConfig
  readonly clock?: Clock | undefined
  /** Where buckets are kept. Default: this process's memory. The caller closes a store it gave. */
  readonly store?: LimitStore | undefined
  /** Told every decision. Must not throw. */
  readonly observe?: ((event: LimitEvent) => void) | undefined
}

export interface ReserveOptions extends AbortSources {
  /** How long this call may wait, in milliseconds. Default: the config's `waitMs`. */
  readonly waitMs?: number | undefined
  /** Moment of the clock by which the call must have started. */
  readonly deadlineAt?: number | undefined
}

/** Figures of one limiter since it was made. */
export interface LimiterStats {
  readonly granted: number
  readonly refused: number
  /** Refused calls by the layer that refused. */
  readonly refusedBy: Readonly<Record<string, number>>
  /** Calls that waited and got their turn. */
  readonly waited: number
  /** Calls that wait now. */
  readonly waiting: number
  /** Reservations neither settled nor released yet. */
  readonly open: number
  /** Settlements that the store could not take. */
  readonly storeFailures: number
}

/** Takes room in every layer at once, or in none. */
export interface Limiter {
  /** True where a layer or a budget counts tokens or cost: only then does a charge need its tokens. */
  readonly countsTokens: boolean
  /** Decides at once, never waits. The memory store answers without a promise. Settle or release what is granted. */
  reserve(keys: LimitKeys, charge?: Charge): Reservation | Rejection | Promise<Reservation | Rejection>
  /**
   * Resolves to a reservation, after its turn where waiting is allowed. Rejects with `limit-exceeded` (at once, where
   * the wait would be longer than allowed), or with what ended the wait; nothing is taken then.
   */
  reserveOrWait(keys: LimitKeys, charge?: Charge, options?: ReserveOptions): Promise<Reservation>
  /** What the layers and budgets of these ids hold now. */
  snapshot(keys: LimitKeys): Promise<LimitSnapshot>
  /**
   * Refills the buckets of these ids, and those of the conversations the user is known to have; with no id, the
   * global ones. `budgets: true` clears their budgets too.
   */
  reset(keys: LimitKeys, options?: { readonly budgets?: boolean | undefined }): Promise<void>
  /** What a user did; none for a user never seen, or seen too long ago. */
  user(id: string): UserStats | undefined
  stats(): LimiterStats
  /** Refuses new calls and ends those that wait with `aborted`. No timer stays. */
  close(): void
}

/** Makes a limiter. Throws `misconfigured` naming the field that is wrong. */
export function createLimiter(options: LimiterOptions): Limiter {
  const core = new LimiterCore(options)
  return {
    countsTokens: core.countsTokens,
    reserve: (keys, charge = {}) => core.reserve(keys, charge),
    reserveOrWait: (keys, charge = {}, how = {}) => core.admit(keys, charge, how),
    snapshot: (keys) => core.snapshot(keys),
    reset: (keys, how) => core.reset(keys, how?.budgets === true),
    user: (id) => core.users.read(id),
    stats: () => core.stats(),
    close: () => core.close(),
  }
}

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
  readonly #booker: ChargeBuilder
  readonly #waitMs: number
  readonly #room: WaitQueue
  readonly #observe: LimiterOptions['observe']
  readonly #refusedBy: Map<string, number> = new Map()
  #closed = false
  #granted = 0
  #refused = 0
  #waited = 0
  #open = 0
  #storeFailures = 0

  constructor({ limits, clock = systemClock, store, observe }: LimiterOptions) {
    const rules = compileLimits(limits)
    this.countsTokens = [...rules.buckets, ...rules.counters].some(({ unit }) => unit !== 'requests')
    this.#clock = clock
    this.#store = store ?? createMemoryLimitStore(clock)
    this.#booker = new ChargeBuilder(rules)
    this.#waitMs = rules.waitMs
    this.#room = new WaitQueue(clock)
    this.#observe = observe
    this.users = new UserStatsTable(clock, rules.trackedUsers)
  }

  reserve(keys: LimitKeys, charge: Charge): Reservation | Rejection | Promise<Reservation | Rejection> {
    const answer = this.#ask(keys, charge, 0)
    if (answer instanceof Promise) return answer.then((late) => ('granted' in late ? late : late.reservation))
    return 'granted' in answer ? answer : answer.reservation
  }

  admit(keys: LimitKeys, charge: Charge, options: ReserveOptions): Promise<Reservation> {
    try {
      const over = abortedBy(options)
      if (over !== undefined) throw over
      const { waitMs = this.#waitMs, deadlineAt = Infinity } = options
      const allowed = Math.max(0, Math.min(waitMs, deadlineAt - this.#clock.now()))
      const answer = this.#ask(keys, charge, allowed)
      // Most answers are at hand: a promise for each would be half of what they cost.
      return answer instanceof Promise
        ? answer.then((late) => this.#take(keys, late, options))
        : Promise.resolve(this.#take(keys, answer, options))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #take(
    keys: LimitKeys,
    answer: Granted | Rejection,
    options: ReserveOptions,
  ): Reservation | Promise<Reservation> {
    if ('granted' in answer) throw rejectionError(answer)
    const { reservation } = answer
    const ended = abortedBy(options) ?? (this.#closed ? closedError() : undefined)
    if (ended !== undefined) {
      reservation.release()
      throw ended
    }
    return answer.waitMs > 0 ? this.#wait(keys, answer, options).then(() => reservation) : reservation
  }

  async snapshot(keys: LimitKeys): Promise<LimitSnapshot> {
    const { buckets, counters } = this.#booker.every(keys)
    const reading = await this.#store.read(buckets, counters)
    const figures = keys.user === undefined ? undefined : this.users.read(keys.user)
    return describeLimits({ buckets, counters, reading, user: figures })
  }

  async reset(keys: LimitKeys, budgets: boolean): Promise<void> {
    const conversations = keys.user === undefined ? [] : this.users.conversationsOf(keys.user)
    const named = [keys.user, keys.conversation, ...Object.values(keys.tags ?? {})].some(Boolean)
    const own = this.#booker.every(keys, !named)
    const others = conversations.flatMap(
      (conversation) => this.#booker.every({ conversation }, false).buckets,
    )
    const freed = [...own.buckets, ...others].map(({ key }) => key)
    await this.#store.reset([...freed, ...(budgets ? own.counters.map(({ key }) => key) : [])])
    for (const key of freed) this.#room.free(key)
  }

  stats(): LimiterStats {
    return {
      granted: this.#granted,
      refused: this.#refused,
      refusedBy: Object.fromEntries(this.#refusedBy),
      waited: this.#waited,
      waiting: this.#room.size,
      open: this.#open,
      storeFailures: this.#storeFailures,
    }
  }

  close(): void {
    this.#closed = true
    for (const waiter of this.#room.clear()) waiter.end(closedError())
  }

  #ask(
    keys: LimitKeys,
    charge: Charge,
    maxWaitMs: number,
  ): Granted | Rejection | Promise<Granted | Rejection> {
    if (this.#closed) throw closedError()
    const booking = this.#booker.build(keys, charge)
    if ('granted' in booking) return this.#refuse(keys, booking)
    const { buckets, counters } = booking
    const verdict = this.#store.reserve({ buckets, counters, maxWaitMs })
    if (verdict instanceof Promise) return verdict.then((late) => this.#decide(keys, booking, late))
    return this.#decide(keys, booking, verdict)
  }

  #decide(keys: LimitKeys, booking: Charges, verdict: StoreGrant | StoreRefusal): Granted | Rejection {
    if (!verdict.granted) return this.#refuse(keys, this.#booker.explain(booking, verdict))
    const { at, periods, waits, waitMs } = verdict
    const { buckets, counters, tokens } = booking
    const user =
      keys.user === undefined || keys.user === ''
        ? undefined
        : this.users.enter(keys.user, keys.conversation, tokens)
    const end = this.#end
    const reservation = new OpenReservation({
      buckets,
      counters,
      tokens,
      at,
      periods,
      user,
      end,
    })
    this.#granted++
    this.#open++
    this.#observe?.({ type: waitMs > 0 ? 'waiting' : 'granted', keys, tokens, waitMs })
    return { reservation, waits, waitMs }
  }

  #refuse(keys: LimitKeys, refusal: Rejection): Rejection {
    this.#refused++
    this.#refusedBy.set(refusal.scope, (this.#refusedBy.get(refusal.scope) ?? 0) + 1)
    this.#observe?.({ type: 'refused', keys, refusal })
    return refusal
  }

  #wait(keys: LimitKeys, { reservation, waits, waitMs }: Granted, options: AbortSources): Promise<void> {
    const since = this.#clock.now()
    const dues = reservation.buckets.flatMap(({ key, cost, refillPerMs }, index) => {
      const wait = waits[index] ?? waitMs
      return wait > 0 ? [{ key, at: since + wait, costMs: cost / refillPerMs }] : []
    })
    // A waiter without a due would have no turn.
    if (dues.length === 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const waiter: WaitingCall = {
        debts: dues,
        start: () => {
          unlink()
          const waited = this.#clock.now() - since
          reservation.waitedMs = waited
          this.#waited++
          this.#observe?.({ type: 'granted', keys, tokens: reservation.tokens, waitMs: waited })
          resolve()
        },
        end: (error) => {
          unlink()
          reservation.left = this.#room.remove(waiter)
          reservation.release()
          reject(error)
        },
      }
      this.#room.add(waiter)
      const unlink = onAbort(options, (error) => waiter.end(error))
    })
  }

  readonly #end = (reservation: OpenReservation, settlement: Settlement): void => {
    const { buckets, counters, tokens, released, shares } = settlement
    this.#open--
    this.#booker.learn(shares)
    reservation.user?.add(this.#clock.now(), released ? -1 : 0, tokens - reservation.tokens)
    this.#observe?.({ type: released ? 'released' : 'settled', reserved: reservation.tokens, tokens })
    if (buckets.length + counters.length === 0) return
    const moved = (applied: readonly number[]): void => {
      if (this.#room.size === 0) return
      for (const [index, { key, refillPerMs }] of buckets.entries()) {
        const delta = applied[index] ?? 0
        // A call that leaves a line has let those behind it forward already.
        if (delta < 0 && !reservation.left.includes(key)) this.#room.advance(key, -delta / refillPerMs)
      }
    }
    const failed = (): void => void this.#storeFailures++
    try {
      const applied = this.#store.settle(buckets, counters)
      if (applied instanceof Promise) applied.then(moved).catch(failed)
      else moved(applied)
    } catch {
      failed()
    }
  }
}

function closedError(): LlmError {
  return new LlmError('aborted', 'the limiter is closed: it admits no more calls')
}

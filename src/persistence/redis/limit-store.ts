import { systemClock, type Clock } from '../../core/clock.ts'
import { LlmError } from '../../core/error.ts'
import type { Logger } from '../../core/log.ts'
import {
  createMemoryLimitStore,
  type BucketCharge,
  type BucketDelta,
  type CounterCharge,
  type CounterDelta,
  type LimitStore,
  type StoreGrant,
  type StoreReading,
  type StoreRefusal,
  type StoreRequest,
} from '../../limits/index.ts'
import { DEFAULT_PREFIX, DEFAULT_TIMEOUT_MS, keySpace, misconfigured, type RedisClient } from './client.ts'
import { readScript, reserveScript, resetScript, settleScript } from './limit-scripts.ts'
import {
  LimitCodec,
  parseNumbers,
  parseReading,
  parseVerdict,
  reversal,
  type Settlement,
} from './limit-codec.ts'
import { ResilientConnection, type ConnectionStats } from './resilient-connection.ts'

export interface RedisLimitStoreOptions {
  /** A connected client. The host makes it, listens to its `error` events, and closes it. */
  readonly client: RedisClient
  /** First part of every key; processes with the same one share their limits. Default `switchyard`. */
  readonly prefix?: string | undefined
  /**
   * While Redis is down: `fail-open` holds the same limits in this process alone, `fail-closed` refuses every call with
   * `overloaded` (code `limit-store-down`).
   */
  readonly onDown: 'fail-open' | 'fail-closed'
  /** What `fail-open` counts with. Default: this process's memory. */
  readonly fallback?: LimitStore | undefined
  /** Longest time for one operation, in milliseconds; one that takes longer means that Redis is down. Default 500. */
  readonly timeoutMs?: number | undefined
  /** Told when Redis goes down and comes back. Must not throw. */
  readonly observe?: ((event: RedisLimitEvent) => void) | undefined
  /** Gets one line when Redis goes down, and one when it is back. */
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
}

export type RedisLimitEvent =
  | { readonly type: 'down'; readonly reason: string; readonly onDown: 'fail-open' | 'fail-closed' }
  | { readonly type: 'up'; readonly downMs: number; readonly owed: number }

/** Figures since the store was made. */
export interface RedisLimitStats extends ConnectionStats {
  /** Calls that the fallback decided. */
  readonly local: number
  /** Calls that were refused because Redis was down. */
  readonly refused: number
  /** Settlements that wait for Redis to come back. */
  readonly owed: number
  /** Settlements of which nobody knows whether Redis got them: they were under way when it went down. */
  readonly lost: number
}

export interface RedisLimitStore extends LimitStore {
  reserve(request: StoreRequest): Promise<StoreGrant | StoreRefusal>
  settle(buckets: readonly BucketDelta[], counters: readonly CounterDelta[]): Promise<readonly number[]>
  read(buckets: readonly BucketCharge[], counters: readonly CounterCharge[]): Promise<StoreReading>
  /** Rejects while Redis is down, under either policy. */
  reset(keys: readonly string[]): Promise<void>
  stats(): RedisLimitStats
  /** Waits for what is under way, and looks no more for a Redis that is down. The client stays open. */
  close(): Promise<void>
}

/** Keeps limits in Redis 5 or newer: one for all processes, one script and one round trip per step. */
export function createRedisLimitStore(options: RedisLimitStoreOptions): RedisLimitStore {
  const { onDown, fallback } = options
  if (onDown !== 'fail-open' && onDown !== 'fail-closed')
    throw misconfigured('onDown', "takes 'fail-open' or 'fail-closed'")
  if (onDown === 'fail-closed' && fallback !== undefined)
    throw misconfigured('fallback', 'is never used with fail-closed; leave it out')
  return new LimitStoreOverRedis(options)
}

const MAX_OWED = 10_000
const PAID_AT_ONCE = 100

class LimitStoreOverRedis implements RedisLimitStore {
  readonly #codec: LimitCodec
  readonly #connection: ResilientConnection
  readonly #fallback: LimitStore | undefined
  readonly #owed: Settlement[] = []
  #local = 0
  #refused = 0
  #lost = 0

  constructor({ client, prefix = DEFAULT_PREFIX, onDown, observe, ...rest }: RedisLimitStoreOptions) {
    const { clock = systemClock, timeoutMs = DEFAULT_TIMEOUT_MS, logger } = rest
    this.#fallback = onDown === 'fail-open' ? (rest.fallback ?? createMemoryLimitStore(clock)) : undefined
    const space = keySpace(prefix, 'limits')
    this.#codec = new LimitCodec(space)
    this.#connection = new ResilientConnection({
      client,
      space,
      timeoutMs,
      clock,
      logger,
      use: `limits, ${onDown}`,
      onDown: (reason) => observe?.({ type: 'down', reason, onDown }),
      onUp: (downMs) => {
        observe?.({ type: 'up', downMs, owed: this.#owed.length })
        void this.#payOwed()
      },
    })
  }

  reserve(request: StoreRequest): Promise<StoreGrant | StoreRefusal> {
    return this.#connection
      .run(reserveScript, this.#codec.charges(request), (reply) => this.#giveBack(request, reply))
      .then(
        (reply) => parseVerdict(reply, request.buckets),
        (error: unknown) => this.#reserveWithout(request, error),
      )
  }

  async settle(
    buckets: readonly BucketDelta[],
    counters: readonly CounterDelta[],
  ): Promise<readonly number[]> {
    const settlement = { buckets, counters }
    if (isLocal(settlement)) return this.#settleLocal(settlement)
    if (!this.#connection.up) return this.#owe(settlement)
    try {
      return parseNumbers(await this.#connection.run(settleScript, this.#codec.settlement(settlement)))
    } catch (error) {
      this.#lost++
      throw this.#down(error)
    }
  }

  async read(buckets: readonly BucketCharge[], counters: readonly CounterCharge[]): Promise<StoreReading> {
    try {
      const input = this.#codec.charges({ buckets, counters, maxWaitMs: 0 })
      return parseReading(await this.#connection.run(readScript, input), buckets)
    } catch (error) {
      if (this.#fallback === undefined) throw this.#down(error)
      return this.#fallback.read(buckets, counters)
    }
  }

  async reset(keys: readonly string[]): Promise<void> {
    await this.#fallback?.reset(keys)
    try {
      await this.#connection.run(resetScript, this.#codec.forgotten(keys))
    } catch (error) {
      throw this.#down(error)
    }
  }

  stats(): RedisLimitStats {
    const [local, refused, lost] = [this.#local, this.#refused, this.#lost]
    return { ...this.#connection.stats(), local, refused, owed: this.#owed.length, lost }
  }

  async close(): Promise<void> {
    await this.#connection.close()
  }

  async #reserveWithout(request: StoreRequest, error: unknown): Promise<StoreGrant | StoreRefusal> {
    if (this.#fallback === undefined) {
      this.#refused++
      throw this.#down(error)
    }
    this.#local++
    const verdict = await this.#fallback.reserve(request)
    return verdict.granted ? { ...verdict, ...swapMoments(verdict) } : verdict
  }

  async #settleLocal({ buckets, counters }: Settlement): Promise<readonly number[]> {
    const own = buckets.map((bucket) => ({ ...bucket, at: swap(bucket.at) }))
    const periods = counters.map((counter) => ({ ...counter, period: swap(counter.period) }))
    return (await this.#fallback?.settle(own, periods)) ?? []
  }

  // Nothing of it has taken effect yet.
  #owe(settlement: Settlement): readonly number[] {
    if (this.#owed.length < MAX_OWED) this.#owed.push(settlement)
    else this.#lost++
    return settlement.buckets.map(() => 0)
  }

  async #payOwed(): Promise<void> {
    while (this.#connection.up && this.#owed.length > 0) {
      const batch = this.#owed.splice(0, PAID_AT_ONCE)
      const buckets = batch.flatMap((settlement) => settlement.buckets)
      const counters = batch.flatMap((settlement) => settlement.counters)
      try {
        await this.#connection.run(settleScript, this.#codec.settlement({ buckets, counters }))
      } catch {
        this.#lost += batch.length
      }
    }
  }

  // Redis granted it after all, but the call was decided without.
  #giveBack(request: StoreRequest, reply: string): void {
    const verdict = parseVerdict(reply, request.buckets)
    if (!verdict.granted) return
    const { buckets, counters } = reversal(request, verdict)
    this.settle(buckets, counters).catch(() => undefined)
  }

  #down(cause: unknown): LlmError {
    const { retryAfterMs, reason } = this.#connection
    const message = `limits: Redis, which counts them, is down (${reason}); it is tried again in ${retryAfterMs} ms`
    return new LlmError('overloaded', message, { code: 'limit-store-down', retryAfterMs, cause })
  }
}

// Moments of the fallback go out with a minus, also zero: a settlement is then known to be its own.
function swap(moment: number): number {
  return -moment
}

function swapMoments({ at, periods }: StoreGrant): Pick<StoreGrant, 'at' | 'periods'> {
  return { at: swap(at), periods: periods.map(swap) }
}

function isLocal({ buckets, counters }: Settlement): boolean {
  const moment = buckets[0]?.at ?? counters[0]?.period ?? 0
  return moment < 0 || Object.is(moment, -0)
}

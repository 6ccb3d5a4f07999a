import { systemClock, type Clock } from '../../core/clock.ts'
import { LlmError } from '../../core/error.ts'
import type { Logger } from '../../core/log.ts'
import { checkOptions, optionsSchema } from '../../core/options.ts'
import { callable, required, type Group } from '../../core/schema.ts'
import {
  createMemoryLimitStore,
  limitStoreField,
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
import { DEFAULT_PREFIX, DEFAULT_TIMEOUT_MS, keySpace, type RedisClient } from './client.ts'
import { clientField, onDownField, sharedRows } from './redis-fields.ts'
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
  /** A connected client. The application creates it, listens to its `error` events, and closes it. */
  readonly client: RedisClient
  /** First part of every key. Processes with the same prefix share their limits. Default `switchyard`. */
  readonly prefix?: string | undefined
  /**
   * What to do while Redis is down. `fail-open` keeps the same limits in this process alone. `fail-closed` rejects
   * every call with `overloaded`, code `limit-store-down`.
   */
  readonly onDown: 'fail-open' | 'fail-closed'
  /** Store that `fail-open` counts with. Default: a memory store. */
  readonly fallback?: LimitStore | undefined
  /** Maximum time for one operation in ms. If it takes longer, Redis counts as down. Default 500. */
  readonly timeoutMs?: number | undefined
  /** Called when Redis goes down and when it is back. Must not throw. */
  readonly observe?: ((event: RedisLimitEvent) => void) | undefined
  /** Receives one line when Redis goes down, and one when it is back. */
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
}

export type RedisLimitEvent =
  | { readonly type: 'down'; readonly reason: string; readonly onDown: 'fail-open' | 'fail-closed' }
  | { readonly type: 'up'; readonly downMs: number; readonly owed: number }

/** Counts since the store was created. */
export interface RedisLimitStats extends ConnectionStats {
  /** Calls that the fallback decided. */
  readonly local: number
  /** Calls rejected because Redis was down. */
  readonly refused: number
  /** Settlements to send when Redis is back. */
  readonly owed: number
  /** Settlements with unknown effect, because they were in flight when Redis went down. */
  readonly lost: number
}

export interface RedisLimitStore extends LimitStore {
  reserve(request: StoreRequest): Promise<StoreGrant | StoreRefusal>
  settle(buckets: readonly BucketDelta[], counters: readonly CounterDelta[]): Promise<readonly number[]>
  read(buckets: readonly BucketCharge[], counters: readonly CounterCharge[]): Promise<StoreReading>
  /** Rejects while Redis is down, with either `onDown`. */
  reset(keys: readonly string[]): Promise<void>
  stats(): RedisLimitStats
  /** Waits for running operations and stops probing. Leaves the client open. */
  close(): Promise<void>
}

/** The schema of {@link RedisLimitStoreOptions}. */
export const redisLimitStoreSchema: Group = optionsSchema<RedisLimitStoreOptions>()(() => ({
  ...sharedRows(),
  client: clientField,
  onDown: required(onDownField),
  fallback: limitStoreField,
  observe: callable,
}))

/**
 * Creates a limit store in Redis (5 or newer) for all processes. Each operation is one script and one round trip.
 * Throws `misconfigured` naming the option that is wrong.
 */
export function createRedisLimitStore(options: RedisLimitStoreOptions): RedisLimitStore {
  checkOptions('createRedisLimitStore', redisLimitStoreSchema, options)
  if (options.onDown === 'fail-closed' && options.fallback !== undefined) {
    const problem = 'has no effect with onDown fail-closed: leave it out'
    throw new LlmError('misconfigured', `createRedisLimitStore: fallback ${problem}`, {
      issues: [{ path: 'fallback', message: problem }],
    })
  }
  return new LimitStoreOverRedis(options)
}

const MAX_OWED = 10_000
const OWED_PER_BATCH = 100

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
        void this.#sendOwed()
      },
    })
  }

  reserve(request: StoreRequest): Promise<StoreGrant | StoreRefusal> {
    return this.#connection
      .run(reserveScript, this.#codec.charges(request), (reply) => this.#undoLate(request, reply))
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
    if (!this.#connection.up) return this.#postpone(settlement)
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
    return verdict.granted ? { ...verdict, ...negateTimes(verdict) } : verdict
  }

  async #settleLocal({ buckets, counters }: Settlement): Promise<readonly number[]> {
    const own = buckets.map((bucket) => ({ ...bucket, at: negate(bucket.at) }))
    const periods = counters.map((counter) => ({ ...counter, period: negate(counter.period) }))
    return (await this.#fallback?.settle(own, periods)) ?? []
  }

  // Redis has seen nothing of the settlement yet.
  #postpone(settlement: Settlement): readonly number[] {
    if (this.#owed.length < MAX_OWED) this.#owed.push(settlement)
    else this.#lost++
    return settlement.buckets.map(() => 0)
  }

  async #sendOwed(): Promise<void> {
    while (this.#connection.up && this.#owed.length > 0) {
      const batch = this.#owed.splice(0, OWED_PER_BATCH)
      const buckets = batch.flatMap((settlement) => settlement.buckets)
      const counters = batch.flatMap((settlement) => settlement.counters)
      try {
        await this.#connection.run(settleScript, this.#codec.settlement({ buckets, counters }))
      } catch {
        this.#lost += batch.length
      }
    }
  }

  // Redis granted the call after its timeout, when it was already decided without Redis.
  #undoLate(request: StoreRequest, reply: string): void {
    const verdict = parseVerdict(reply, request.buckets)
    if (!verdict.granted) return
    const { buckets, counters } = reversal(request, verdict)
    this.settle(buckets, counters).catch(() => undefined)
  }

  #down(cause: unknown): LlmError {
    return this.#connection.downError('limits', 'limit-store-down', cause)
  }
}

// Times of the fallback are passed on negated, zero included, which marks their settlements as its own.
function negate(moment: number): number {
  return -moment
}

function negateTimes({ at, periods }: StoreGrant): Pick<StoreGrant, 'at' | 'periods'> {
  return { at: negate(at), periods: periods.map(negate) }
}

function isLocal({ buckets, counters }: Settlement): boolean {
  const moment = buckets[0]?.at ?? counters[0]?.period ?? 0
  return moment < 0 || Object.is(moment, -0)
}

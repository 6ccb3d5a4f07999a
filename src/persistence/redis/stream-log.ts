import { systemClock, type Clock, type Timer } from '../../core/clock.ts'
import type { EventBatch } from '../../core/event.ts'
import { newId } from '../../core/create-id.ts'
import type { Logger } from '../../core/log.ts'
import { checkOptions, optionsSchema } from '../../core/options.ts'
import type { Group } from '../../core/schema.ts'
import {
  logBoundsRows,
  readLogBounds,
  type LogBounds,
  type LogEnding,
  type LogHead,
  type LogInfo,
  type LogPage,
  type LogRange,
  type StreamLog,
} from '../../core/stream-log.ts'
import { DEFAULT_PREFIX, DEFAULT_TIMEOUT_MS, keySpace, type ListeningRedisClient } from './client.ts'
import { leaseField, listeningClientField, onDownField, sharedRows } from './redis-fields.ts'
import { idleTimer, ResilientConnection, type ConnectionStats } from './resilient-connection.ts'
import { createLogNotifier, type LogNotifier } from './stream-log-notify.ts'
import { cancelled, conflict, lost } from './stream-log-error.ts'
import { LocalRun } from './local-run.ts'
import { LocalRuns, RENEWALS_PER_LEASE } from './local-runs.ts'
import { RunCodec } from './stream-log-codec.ts'

export interface RedisStreamLogOptions extends LogBounds {
  /** A connected client. A second connection, made with `duplicate()`, listens. */
  readonly client: ListeningRedisClient
  /** First part of every key. Processes with the same prefix share their runs. Default `switchyard`. */
  readonly prefix?: string | undefined
  /** Time in ms after which the run of a crashed process is lost. Default 15 000. */
  readonly leaseMs?: number | undefined
  /**
   * What to do when Redis fails. `fail-open` (default) continues runs for readers in their own process, and copies them
   * to Redis if it is back before their lease expires. `fail-closed` ends them with `overloaded`, code
   * `stream-log-down`.
   */
  readonly onDown?: 'fail-open' | 'fail-closed' | undefined
  /** Maximum time for one operation in ms. Default 500. */
  readonly timeoutMs?: number | undefined
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
}

/** A stream log in Redis. Every process can read, follow and cancel every run. */
export interface RedisStreamLog extends StreamLog {
  stats(): RedisStreamLogStats
}

export interface RedisStreamLogStats extends ConnectionStats {
  /** Runs that this process writes. */
  readonly writing: number
  /** Runs among `writing` that continue without Redis. */
  readonly alone: number
  /** Readers in this process that follow runs of other processes. */
  readonly following: number
}

const DEFAULT_LEASE_MS = 15_000

/** The schema of {@link RedisStreamLogOptions}. */
export const redisStreamLogSchema: Group = optionsSchema<RedisStreamLogOptions>()(() => ({
  ...logBoundsRows(),
  ...sharedRows(),
  client: listeningClientField,
  leaseMs: leaseField(100),
  onDown: onDownField,
}))

/** Creates a stream log in Redis. Throws `misconfigured` naming the option that is wrong. */
export function createRedisStreamLog(options: RedisStreamLogOptions): RedisStreamLog {
  checkOptions('createRedisStreamLog', redisStreamLogSchema, options)
  return new LogOverRedis(options)
}

class LogOverRedis implements RedisStreamLog {
  readonly #leaseMs: number
  readonly #clock: Clock
  readonly #connection: ResilientConnection
  readonly #codec: RunCodec
  readonly #notifier: LogNotifier
  readonly #own: LocalRuns
  readonly #following = new Set<() => void>()
  #hearsCancels = false
  #timer: Timer | undefined
  #closed = false

  constructor(options: RedisStreamLogOptions) {
    const { client, prefix = DEFAULT_PREFIX, logger, clock = systemClock } = options
    const { onDown = 'fail-open', timeoutMs = DEFAULT_TIMEOUT_MS } = options
    const bounds = readLogBounds(options)
    const space = keySpace(prefix, 'runs')
    this.#leaseMs = Math.ceil(options.leaseMs ?? DEFAULT_LEASE_MS)
    this.#clock = clock
    this.#notifier = createLogNotifier(client)
    this.#connection = new ResilientConnection({
      client,
      space,
      clock,
      logger,
      timeoutMs,
      use: `stream log, ${onDown}`,
      onDown: () => undefined,
      onUp: () => this.#refresh(),
    })
    const connection = this.#connection
    const owner = newId('log')
    this.#codec = new RunCodec({ connection, space, owner, leaseMs: this.#leaseMs, bounds })
    this.#own = new LocalRuns({ codec: this.#codec, connection, failOpen: onDown === 'fail-open', bounds })
  }

  async create(head: LogHead): Promise<void> {
    if (this.#own.get(head.id) !== undefined) throw conflict(head.id)
    this.#hearCancels()
    const created = this.#own.create(new LocalRun(head))
    this.#schedule()
    await created
  }

  async append(id: string, batches: readonly EventBatch[]): Promise<void> {
    const run = this.#own.get(id)
    if (run === undefined || run.state !== 'running') throw lost(id)
    await this.#own.append(run, batches)
  }

  async end(id: string, ending: LogEnding): Promise<void> {
    const run = this.#own.get(id)
    if (run === undefined || run.ending !== undefined) return
    await this.#own.end(run, ending)
  }

  async read(id: string, range: LogRange): Promise<LogPage | undefined> {
    return this.#own.get(id)?.read(range) ?? this.#codec.read(id, range)
  }

  async info(id: string): Promise<LogInfo | undefined> {
    const own = this.#own.get(id)
    if (own === undefined) return this.#codec.info(id)
    const { head, last, state, ending } = own
    return { id, key: head.key, state, last, meta: head.meta, figures: head.figures(), ending }
  }

  async find(key: string): Promise<string | undefined> {
    const own = this.#own.all().findLast(({ head }) => head.key === key)
    if (own?.alone === true) return own.head.id
    try {
      return await this.#codec.find(key)
    } catch (error) {
      if (own === undefined) throw error
      return own.head.id
    }
  }

  async cancel(id: string, reason: string): Promise<boolean> {
    const own = this.#own.get(id)
    if (own === undefined) return this.#codec.cancel(id, reason)
    if (own.state !== 'running') return false
    own.head.onStop(cancelled(reason))
    return true
  }

  watch(id: string, wake: () => void): () => void {
    const own = this.#own.get(id)
    if (own !== undefined) {
      own.wakes.add(wake)
      return () => {
        own.wakes.delete(wake)
        this.#own.forgetUnread(own)
      }
    }
    const unsubscribe = this.#notifier.on(this.#codec.channel(id), wake)
    this.#following.add(wake)
    this.#schedule()
    return () => {
      unsubscribe()
      this.#following.delete(wake)
    }
  }

  /** Counts the processes that follow a run. In a cluster, only those connected to the same node. */
  async followers(id: string): Promise<number> {
    if (this.#own.get(id)?.alone === true) return 0
    return this.#codec.countListeners(id)
  }

  stats(): RedisStreamLogStats {
    const running = this.#own.all().filter(({ state }) => state === 'running')
    const alone = running.filter((run) => run.alone).length
    return { ...this.#connection.stats(), writing: running.length, alone, following: this.#following.size }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#clock.clearTimer(this.#timer)
    this.#notifier.close()
    this.#following.clear()
    await this.#connection.close()
    this.#own.clear()
  }

  // Cancellations arrive on one channel per process. A renewal returns one whose message was missed.
  #hearCancels(): void {
    if (this.#hearsCancels) return
    this.#hearsCancels = true
    this.#notifier.on(this.#codec.ownChannel, (id) => {
      for (const run of this.#own.all()) if (id === undefined || run.head.id === id) void this.#own.renew(run)
    })
  }

  // The timer runs only while there are runs to renew or to follow, and keeps no process alive.
  #schedule(): void {
    if (this.#timer !== undefined || this.#closed) return
    const tick = (): void => {
      this.#timer = undefined
      this.#own.dropStale()
      if (this.#own.size > 0 || this.#following.size > 0) this.#schedule()
      this.#refresh()
    }
    this.#timer = idleTimer(this.#clock, tick, this.#leaseMs / RENEWALS_PER_LEASE)
  }

  #refresh(): void {
    for (const run of this.#own.all()) void this.#own.renew(run)
    // The process of a followed run may have crashed, and then sends no message: readers have to look.
    for (const wake of this.#following) wake()
  }
}

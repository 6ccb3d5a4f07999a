import { systemClock, type Clock, type Timer } from '../../core/clock.ts'
import { LlmError } from '../../core/error.ts'
import type { EventBatch } from '../../core/event.ts'
import { newId } from '../../core/create-id.ts'
import type { Logger } from '../../core/log.ts'
import {
  readLogBounds,
  type LogBounds,
  type LogEnding,
  type LogHead,
  type LogInfo,
  type LogPage,
  type LogRange,
  type StreamLog,
} from '../../core/stream-log.ts'
import {
  DEFAULT_PREFIX,
  DEFAULT_TIMEOUT_MS,
  keySpace,
  misconfigured,
  type ListeningRedisClient,
} from './client.ts'
import { idleTimer, ResilientConnection, type ConnectionStats } from './resilient-connection.ts'
import { createLogNotifier, type LogNotifier } from './stream-log-notify.ts'
import { cancelled, conflict, lost } from './stream-log-error.ts'
import { LocalRun } from './local-run.ts'
import { RunCodec, type Verdict } from './stream-log-codec.ts'

export interface RedisStreamLogOptions extends LogBounds {
  /** A connected client. A second connection, made with `duplicate()`, listens. */
  readonly client: ListeningRedisClient
  /** First part of every key; processes with the same one share their runs. Default `switchyard`. */
  readonly prefix?: string | undefined
  /** After which a run is lost whose process has crashed, in milliseconds. Default 15 000. */
  readonly leaseMs?: number | undefined
  /**
   * When Redis fails: `fail-open` (the default) lets runs go on for the readers in their own process, and brings them to
   * Redis when it is back before their lease has run out; `fail-closed` ends them with `overloaded`, code `stream-log-down`.
   */
  readonly onDown?: 'fail-open' | 'fail-closed' | undefined
  /** Longest time for one operation, in milliseconds. Default 500. */
  readonly timeoutMs?: number | undefined
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
}

/** A log over Redis: runs can be read, followed and cancelled from every process. */
export interface RedisStreamLog extends StreamLog {
  stats(): RedisStreamLogStats
}

export interface RedisStreamLogStats extends ConnectionStats {
  /** Runs that this process writes. */
  readonly writing: number
  /** Those of them that go on without Redis. */
  readonly alone: number
  /** Readers here that follow runs of other processes. */
  readonly following: number
}

const DEFAULT_LEASE_MS = 15_000
const MAX_LEASE_MS = 86_400_000
const RENEWALS_PER_LEASE = 3
// Scripts block the server while they run.
const APPEND_BATCHES = 256
const APPEND_BYTES = 1_048_576

/** Keeps runs in Redis. Throws `misconfigured` naming the option that is wrong. */
export function createRedisStreamLog(options: RedisStreamLogOptions): RedisStreamLog {
  const { onDown = 'fail-open', leaseMs = DEFAULT_LEASE_MS } = options
  if (onDown !== 'fail-open' && onDown !== 'fail-closed')
    throw misconfigured('onDown', "takes 'fail-open' or 'fail-closed'")
  if (!(leaseMs >= 100 && leaseMs <= MAX_LEASE_MS))
    throw misconfigured('leaseMs', `takes a number from 100 to ${MAX_LEASE_MS}`)
  const { client }: { client: { duplicate?: unknown } } = options
  if (typeof client?.duplicate !== 'function')
    throw misconfigured('client', 'takes one client that can duplicate(), no pool and no cluster')
  return new LogOverRedis(options)
}

class LogOverRedis implements RedisStreamLog {
  readonly #bounds: ReturnType<typeof readLogBounds>
  readonly #leaseMs: number
  readonly #failOpen: boolean
  readonly #clock: Clock
  readonly #link: ResilientConnection
  readonly #wire: RunCodec
  readonly #bell: LogNotifier
  readonly #own = new Map<string, LocalRun>()
  readonly #following = new Set<() => void>()
  #hearing = false
  #timer: Timer | undefined
  #closed = false

  constructor(options: RedisStreamLogOptions) {
    const { client, prefix = DEFAULT_PREFIX, logger, clock = systemClock } = options
    this.#bounds = readLogBounds(options)
    const space = keySpace(prefix, 'runs')
    this.#leaseMs = Math.ceil(options.leaseMs ?? DEFAULT_LEASE_MS)
    this.#failOpen = options.onDown !== 'fail-closed'
    this.#clock = clock
    this.#bell = createLogNotifier(client)
    this.#link = new ResilientConnection({
      client,
      space,
      clock,
      logger,
      timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      use: `stream log, ${this.#failOpen ? 'fail-open' : 'fail-closed'}`,
      onDown: () => undefined,
      onUp: () => this.#look(),
    })
    const owner = newId('log')
    this.#wire = new RunCodec({
      link: this.#link,
      space,
      owner,
      leaseMs: this.#leaseMs,
      bounds: this.#bounds,
    })
  }

  async create(head: LogHead): Promise<void> {
    const { id } = head
    if (this.#own.has(id)) throw conflict(id)
    const run = new LocalRun(head)
    this.#own.set(id, run)
    this.#hear()
    this.#schedule()
    try {
      await this.#wire.create(head)
    } catch (error) {
      if (this.#goesAlone(run, error)) return
      this.#own.delete(id)
      throw error
    }
  }

  async append(id: string, batches: readonly EventBatch[]): Promise<void> {
    const run = this.#own.get(id)
    if (run === undefined || run.state !== 'running') throw lost(id)
    for (let at = 0; at < batches.length; at += APPEND_BATCHES)
      await this.#append(run, batches.slice(at, at + APPEND_BATCHES))
  }

  async #append(run: LocalRun, batches: readonly EventBatch[]): Promise<void> {
    const texts = batches.map((batch) => JSON.stringify(batch))
    const sizes = texts.map((text) => text.length)
    if (!run.alone) {
      try {
        this.#obey(run, await this.#wire.append(run.head.id, run.written, texts))
        run.written += batches.length
      } catch (error) {
        if (!this.#goesAlone(run, error)) throw error
      }
    }
    run.add(batches, sizes, this.#bounds)
    run.wake()
  }

  async end(id: string, ending: LogEnding): Promise<void> {
    const run = this.#own.get(id)
    if (run === undefined || run.ending !== undefined) return
    if (!run.alone && run.state === 'running')
      await this.#wire.end(run.head, ending).catch((error: unknown) => this.#goesAlone(run, error))
    // Readers who are here have it from here, whatever Redis says.
    run.state = 'ended'
    run.ending = ending
    run.wake()
    this.#forgetUnread(run)
  }

  async read(id: string, range: LogRange): Promise<LogPage | undefined> {
    return this.#own.get(id)?.read(range) ?? this.#wire.read(id, range)
  }

  async info(id: string): Promise<LogInfo | undefined> {
    const own = this.#own.get(id)
    if (own === undefined) return this.#wire.info(id)
    const { head, last, state, ending } = own
    return { id, key: head.key, state, last, meta: head.meta, figures: head.figures(), ending }
  }

  async find(key: string): Promise<string | undefined> {
    const own = [...this.#own.values()].findLast(({ head }) => head.key === key)
    if (own?.alone === true) return own.head.id
    try {
      return await this.#wire.find(key)
    } catch (error) {
      if (own === undefined) throw error
      return own.head.id
    }
  }

  async cancel(id: string, reason: string): Promise<boolean> {
    const own = this.#own.get(id)
    if (own !== undefined) {
      if (own.state !== 'running') return false
      own.head.onStop(cancelled(reason))
      return true
    }
    return this.#wire.cancel(id, reason)
  }

  watch(id: string, wake: () => void): () => void {
    const own = this.#own.get(id)
    if (own !== undefined) {
      own.wakes.add(wake)
      return () => {
        own.wakes.delete(wake)
        this.#forgetUnread(own)
      }
    }
    const off = this.#bell.on(this.#wire.channel(id), wake)
    this.#following.add(wake)
    this.#schedule()
    return () => {
      off()
      this.#following.delete(wake)
    }
  }

  /** In a cluster, of those that listen at the same node. */
  async followers(id: string): Promise<number> {
    if (this.#own.get(id)?.alone === true) return 0
    return this.#wire.call(id)
  }

  stats(): RedisStreamLogStats {
    const running = [...this.#own.values()].filter(({ state }) => state === 'running')
    const alone = running.filter((run) => run.alone).length
    return { ...this.#link.stats(), writing: running.length, alone, following: this.#following.size }
  }

  /** Ends what it opened. Runs that this process still writes are lost to others when their lease has run out. */
  async close(): Promise<void> {
    this.#closed = true
    this.#clock.clearTimer(this.#timer)
    this.#bell.close()
    this.#following.clear()
    await this.#link.close()
    this.#own.clear()
  }

  #goesAlone(run: LocalRun, error: unknown): boolean {
    if (!this.#failOpen || !LlmError.is(error) || error.code !== 'stream-log-down') return false
    run.alone = true
    return true
  }

  // Throws where the run is no longer ours.
  #obey(run: LocalRun, { lost: isLost, stop }: Verdict): void {
    const { head } = run
    if (isLost) {
      run.state = 'lost'
      run.wake()
      throw lost(head.id)
    }
    if (stop !== undefined) head.onStop(cancelled(stop))
  }

  // One whose lease ran out while Redis was away is lost: readers elsewhere were told so.
  async #renew(run: LocalRun): Promise<void> {
    if (run.alone) return this.#rejoin(run)
    if (run.state !== 'running') return
    try {
      this.#obey(run, await this.#wire.renew(run.head))
    } catch (error) {
      if (LlmError.is(error) && error.code === 'run-lost') run.head.onStop(error)
    }
  }

  // Brings what was written without Redis to Redis, where the lease still holds. Fails quietly: there is a next time.
  async #rejoin(run: LocalRun): Promise<void> {
    if (run.rejoining || run.gone || !this.#link.up) return
    run.rejoining = true
    try {
      if (run.written === 0) await this.#wire.create(run.head)
      while (run.written < run.last && (await this.#bring(run)));
      if (run.gone) return
      run.alone = false
      if (run.ending !== undefined) await this.#wire.end(run.head, run.ending)
      this.#forgetUnread(run)
    } catch (error) {
      run.alone = true
      run.gone = LlmError.is(error, 'conflict')
    } finally {
      run.rejoining = false
    }
  }

  async #bring(run: LocalRun): Promise<boolean> {
    const { head, written } = run
    const page = run.read({ after: written, maxBatches: APPEND_BATCHES, maxBytes: APPEND_BYTES })
    const texts = page?.entries.map(({ batch }) => JSON.stringify(batch)) ?? []
    const verdict = texts.length === 0 ? undefined : await this.#wire.append(head.id, written, texts)
    run.gone = verdict?.lost !== false
    if (!run.gone) run.written += texts.length
    if (verdict?.stop !== undefined) head.onStop(cancelled(verdict.stop))
    return !run.gone
  }

  // Cancels come on one channel per process, and with the renewals where that was missed.
  #hear(): void {
    if (this.#hearing) return
    this.#hearing = true
    this.#bell.on(this.#wire.ownChannel, (id) => {
      for (const run of this.#own.values()) if (id === undefined || run.head.id === id) void this.#renew(run)
    })
  }

  // Runs only while there is something to renew or to follow; it keeps no process alive.
  #schedule(): void {
    if (this.#timer !== undefined || this.#closed) return
    const turn = (): void => {
      this.#timer = undefined
      this.#dropStale()
      if (this.#own.size > 0 || this.#following.size > 0) this.#schedule()
      this.#look()
    }
    this.#timer = idleTimer(this.#clock, turn, this.#leaseMs / RENEWALS_PER_LEASE)
  }

  #look(): void {
    for (const run of this.#own.values()) void this.#renew(run)
    // A run whose process died says nothing: who follows it has to look.
    for (const wake of this.#following) wake()
  }

  // One that ended alone is kept for as long as its lease may hold, so that it can still be brought to Redis.
  #dropStale(): void {
    for (const run of this.#own.values()) {
      if (run.ending === undefined || !run.alone) continue
      run.gone ||= ++run.looks > RENEWALS_PER_LEASE
      this.#forgetUnread(run)
    }
  }

  #forgetUnread({ head, state, wakes, alone, gone }: LocalRun): void {
    if (state === 'running' || wakes.size > 0 || (alone && !gone)) return
    this.#own.delete(head.id)
  }
}

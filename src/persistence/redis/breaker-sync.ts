import { systemClock, type Clock } from '../../core/clock.ts'
import { newId } from '../../core/id.ts'
import type { Logger } from '../../core/log.ts'
import type { BreakerSync, BreakerTrip } from '../../resilience/index.ts'
import {
  DEFAULT_PREFIX,
  DEFAULT_TIMEOUT_MS,
  defineScript,
  keySpace,
  listen,
  type ListeningRedisClient,
  type Script,
} from './client.ts'
import { RedisLink, type LinkStats } from './link.ts'

export interface RedisBreakerSyncOptions {
  /** A connected client. A second connection, made with its `duplicate()`, listens. */
  readonly client: ListeningRedisClient
  /** First part of every key; processes with the same one share their trips. Default `switchyard`. */
  readonly prefix?: string | undefined
  /** Longest time for one operation, in milliseconds. Default 500. */
  readonly timeoutMs?: number | undefined
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
}

export interface RedisBreakerSync extends BreakerSync {
  stats(): RedisBreakerSyncStats
}

/** Figures since it was made. */
export interface RedisBreakerSyncStats extends LinkStats {
  readonly published: number
  /** Trips that were not told, as Redis was down. */
  readonly unpublished: number
  readonly heard: number
}

// One sorted set, each target until its breaker may close (server's time, ms): what ended goes with the next trip, and
// the set with its last. `ARGV`: target, openMs, channel, message.
const tripScript: Script = /* @__PURE__ */ defineScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
redis.call('PEXPIRE', KEYS[1], last[2] - now)
redis.call('PUBLISH', ARGV[3], ARGV[4])
return ''
`)

const openScript: Script = /* @__PURE__ */ defineScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local open = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now), '+inf', 'WITHSCORES')
local trips = {}
for i = 1, #open, 2 do trips[#trips + 1] = { target = open[i], openMs = open[i + 1] - now } end
return cjson.encode(trips)
`)

/** Shares breakers' trips over Redis: at once with the processes that run, and with those that start while one is open. */
export function createRedisBreakerSync(options: RedisBreakerSyncOptions): RedisBreakerSync {
  return new BreakerSyncOverRedis(options)
}

const MAX_TIMER_MS = 2_147_483_647

type Listener = (trip: BreakerTrip) => void

class BreakerSyncOverRedis implements RedisBreakerSync {
  readonly #client: ListeningRedisClient
  readonly #trips: string
  readonly #channel: string
  readonly #link: RedisLink
  readonly #self: string = newId('sync')
  readonly #listeners = new Set<Listener>()
  #stopListening: (() => void) | undefined
  #published = 0
  #unpublished = 0
  #heard = 0

  constructor({ client, prefix = DEFAULT_PREFIX, logger, ...rest }: RedisBreakerSyncOptions) {
    const { clock = systemClock, timeoutMs = DEFAULT_TIMEOUT_MS } = rest
    this.#client = client
    this.#trips = keySpace(prefix, 'trips')
    this.#channel = `${this.#trips}:news`
    this.#link = new RedisLink({
      client,
      space: this.#trips,
      clock,
      timeoutMs,
      logger,
      use: 'breakers',
      onDown: () => undefined,
      onUp: () => void this.#hearOpen(),
    })
  }

  publish({ target, openMs, reason }: BreakerTrip): void {
    const message = JSON.stringify({ target, openMs, reason, from: this.#self })
    const args = [target, String(Math.ceil(Math.min(openMs, MAX_TIMER_MS))), this.#channel, message]
    this.#link.run(tripScript, { keys: [this.#trips], args }).then(
      () => void this.#published++,
      () => void this.#unpublished++,
    )
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener)
    if (this.#stopListening === undefined)
      this.#stopListening = listen(this.#client, this.#channel, {
        message: (message) => this.#hear(message),
        ready: () => void this.#hearOpen(),
      })
    else void this.#hearOpen()
    return () => void this.#listeners.delete(listener)
  }

  stats(): RedisBreakerSyncStats {
    const [published, unpublished, heard] = [this.#published, this.#unpublished, this.#heard]
    return { ...this.#link.stats(), published, unpublished, heard }
  }

  async close(): Promise<void> {
    this.#listeners.clear()
    this.#stopListening?.()
    this.#stopListening = undefined
    await this.#link.close()
  }

  // While Redis is down there is nothing to hear; it is asked again when it is back.
  async #hearOpen(): Promise<void> {
    try {
      const reply = await this.#link.run(openScript, { keys: [this.#trips], args: [] })
      const open: unknown = JSON.parse(reply)
      if (Array.isArray(open)) for (const trip of open) this.#tell(trip)
    } catch {
      return
    }
  }

  #hear(message: string): void {
    try {
      this.#tell(JSON.parse(message))
    } catch {
      return
    }
  }

  #tell(trip: unknown): void {
    if (!isTrip(trip) || trip.from === this.#self) return
    this.#heard++
    for (const listener of this.#listeners) listener(trip)
  }
}

function isTrip(value: unknown): value is BreakerTrip & { readonly from?: unknown } {
  if (typeof value !== 'object' || value === null) return false
  const { target, openMs } = value as { readonly target?: unknown; readonly openMs?: unknown }
  return typeof target === 'string' && typeof openMs === 'number' && openMs > 0
}

import { systemClock, timerMs, type Clock } from '../../core/clock.ts'
import { newId } from '../../core/create-id.ts'
import type { Logger } from '../../core/log.ts'
import { optionsSchema } from '../../core/options.ts'
import type { Group } from '../../core/schema.ts'
import {
  DEFAULT_PREFIX,
  DEFAULT_TIMEOUT_MS,
  defineScript,
  keySpace,
  listen,
  type ListeningRedisClient,
  type Script,
} from './client.ts'
import { listeningClientField, sharedRows } from './redis-fields.ts'
import { ResilientConnection, type ConnectionStats } from './resilient-connection.ts'

/** Options of a broadcast of states that expire. */
export interface RedisBroadcastOptions {
  /** A connected client. A second connection, made with its `duplicate()`, listens. */
  readonly client: ListeningRedisClient
  /** First part of every key. Processes with the same prefix share their messages. Default `switchyard`. */
  readonly prefix?: string | undefined
  /** Maximum time for one operation in ms. Default 500. */
  readonly timeoutMs?: number | undefined
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
}

/** The schema of {@link RedisBroadcastOptions}. */
export const broadcastSchema: Group = optionsSchema<RedisBroadcastOptions>()(() => ({
  ...sharedRows(),
  client: listeningClientField,
}))

/** Counts since the broadcast was created. */
export interface RedisBroadcastStats extends ConnectionStats {
  readonly published: number
  /** Messages not published because Redis was unavailable. */
  readonly unpublished: number
  readonly heard: number
}

/** A state that lasts for a time: an open breaker, or the cooldown of a key. */
export interface BroadcastMessage {
  readonly target: string
  readonly openMs: number
  readonly reason?: string | undefined
}

// One sorted set holds each target with the end of its state (server time in ms). Each post removes what has expired,
// and the set expires with its last entry. A client may delay a command until Redis is back; a state that has expired
// by then is not published. `ARGV`: target, openMs, channel, the message without its `openMs`, and the latest end
// (server time, plus the maximum time of an operation; empty if the server time is unknown).
const postScript: Script = /* @__PURE__ */ defineScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local left = tonumber(ARGV[2])
if ARGV[5] ~= '' then left = math.min(left, ARGV[5] - now) end
if left <= 0 then return '' end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + left, ARGV[1])
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
redis.call('PEXPIRE', KEYS[1], last[2] - now)
redis.call('PUBLISH', ARGV[3], '{"openMs":' .. string.format('%.0f', left) .. ',' .. ARGV[4])
return ''
`)

const readScript: Script = /* @__PURE__ */ defineScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local open = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now), '+inf', 'WITHSCORES')
local trips = {}
for i = 1, #open, 2 do trips[#trips + 1] = { target = open[i], openMs = open[i + 1] - now } end
return cjson.encode({ now = now, open = trips })
`)

type Listener = (message: BroadcastMessage) => void

/** Publishes states over Redis: at once to running processes, and from a stored set to those that start later. */
export class BroadcastChannel {
  readonly #client: ListeningRedisClient
  readonly #key: string
  readonly #channel: string
  readonly #connection: ResilientConnection
  readonly #sender: string = newId('sync')
  readonly #listeners = new Set<Listener>()
  #stopListening: (() => void) | undefined
  readonly #clock: Clock
  readonly #timeoutMs: number
  /** Server time at time 0 of this process's clock; `undefined` before the first reading. */
  #serverTimeAtZero: number | undefined
  #published = 0
  #unpublished = 0
  #heard = 0

  constructor(
    { client, prefix = DEFAULT_PREFIX, logger, ...rest }: RedisBroadcastOptions,
    space: string,
    use: string,
  ) {
    const { clock = systemClock, timeoutMs = DEFAULT_TIMEOUT_MS } = rest
    this.#client = client
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#key = keySpace(prefix, space)
    this.#channel = `${this.#key}:news`
    this.#connection = new ResilientConnection({
      client,
      space: this.#key,
      clock,
      timeoutMs,
      logger,
      use,
      onDown: () => undefined,
      onUp: () => void this.#readCurrent(),
    })
  }

  publish({ target, openMs, reason }: BroadcastMessage): void {
    const message = JSON.stringify({ target, reason, from: this.#sender }).slice(1)
    const lastsMs = Math.ceil(timerMs(openMs))
    const zero = this.#serverTimeAtZero
    const end =
      zero === undefined ? '' : String(Math.ceil(zero + this.#clock.now() + lastsMs + this.#timeoutMs))
    const args = [target, String(lastsMs), this.#channel, message, end]
    this.#connection.run(postScript, { keys: [this.#key], args }).then(
      () => void this.#published++,
      () => void this.#unpublished++,
    )
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener)
    if (this.#stopListening === undefined)
      this.#stopListening = listen(this.#client, this.#channel, {
        message: (message) => this.#receive(message),
        ready: () => void this.#readCurrent(),
      })
    else void this.#readCurrent()
    return () => void this.#listeners.delete(listener)
  }

  stats(): RedisBroadcastStats {
    const [published, unpublished, heard] = [this.#published, this.#unpublished, this.#heard]
    return { ...this.#connection.stats(), published, unpublished, heard }
  }

  async close(): Promise<void> {
    this.#listeners.clear()
    this.#stopListening?.()
    this.#stopListening = undefined
    await this.#connection.close()
  }

  // While Redis is down nothing can be read. `onUp` reads again.
  async #readCurrent(): Promise<void> {
    try {
      const reply = await this.#connection.run(readScript, { keys: [this.#key], args: [] })
      const { now, open } = JSON.parse(reply) as { readonly now: number; readonly open: unknown }
      this.#serverTimeAtZero = now - this.#clock.now()
      if (Array.isArray(open)) for (const message of open) this.#deliver(message)
    } catch {
      return
    }
  }

  #receive(message: string): void {
    try {
      this.#deliver(JSON.parse(message))
    } catch {
      return
    }
  }

  #deliver(message: unknown): void {
    if (!isMessage(message) || message.from === this.#sender) return
    this.#heard++
    for (const listener of this.#listeners) listener(message)
  }
}

function isMessage(value: unknown): value is BroadcastMessage & { readonly from?: unknown } {
  if (typeof value !== 'object' || value === null) return false
  const { target, openMs } = value as { readonly target?: unknown; readonly openMs?: unknown }
  return typeof target === 'string' && typeof openMs === 'number' && openMs > 0
}

import { systemClock, type Clock } from '../../core/clock.ts'
import { newId } from '../../core/create-id.ts'
import type { Logger } from '../../core/log.ts'
import {
  DEFAULT_PREFIX,
  DEFAULT_TIMEOUT_MS,
  defineScript,
  keySpace,
  listen,
  type ListeningRedisClient,
  type Script,
} from './client.ts'
import { ResilientConnection, type ConnectionStats } from './resilient-connection.ts'

/** What tells other processes something that holds for a while. */
export interface RedisBroadcastOptions {
  /** A connected client. A second connection, made with its `duplicate()`, listens. */
  readonly client: ListeningRedisClient
  /** First part of every key; processes with the same one share their news. Default `switchyard`. */
  readonly prefix?: string | undefined
  /** Longest time for one operation, in milliseconds. Default 500. */
  readonly timeoutMs?: number | undefined
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
}

/** Figures since it was made. */
export interface RedisBroadcastStats extends ConnectionStats {
  readonly published: number
  /** News that were not told, as Redis was down. */
  readonly unpublished: number
  readonly heard: number
}

/** Something that holds for a while: a breaker that is open, a key that rests. */
export interface BroadcastMessage {
  readonly target: string
  readonly openMs: number
  readonly reason?: string | undefined
}

// One sorted set, each target until its notice ends (server's time, ms): what ended goes with the next trip, and
// the set with its last. A client may hold a command back until Redis is there again: what has ended by then is told
// to nobody. `ARGV`: target, openMs, channel, the message but for its `openMs`, the end (server's time, and the time
// that an operation may take; empty where that is not known).
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

const MAX_TIMER_MS = 2_147_483_647

type Listener = (notice: BroadcastMessage) => void

/** Notices over Redis: told at once to the processes that run, and kept for those that start while they hold. */
export class BroadcastChannel {
  readonly #client: ListeningRedisClient
  readonly #notices: string
  readonly #channel: string
  readonly #connection: ResilientConnection
  readonly #self: string = newId('sync')
  readonly #listeners = new Set<Listener>()
  #stopListening: (() => void) | undefined
  readonly #clock: Clock
  readonly #timeoutMs: number
  /** The server's time when this process's clock was at 0, once it has told. */
  #serverZero: number | undefined
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
    this.#notices = keySpace(prefix, space)
    this.#channel = `${this.#notices}:news`
    this.#connection = new ResilientConnection({
      client,
      space: this.#notices,
      clock,
      timeoutMs,
      logger,
      use,
      onDown: () => undefined,
      onUp: () => void this.#hearStanding(),
    })
  }

  publish({ target, openMs, reason }: BroadcastMessage): void {
    const message = JSON.stringify({ target, reason, from: this.#self }).slice(1)
    const heldMs = Math.ceil(Math.min(openMs, MAX_TIMER_MS))
    const zero = this.#serverZero
    const end =
      zero === undefined ? '' : String(Math.ceil(zero + this.#clock.now() + heldMs + this.#timeoutMs))
    const args = [target, String(heldMs), this.#channel, message, end]
    this.#connection.run(postScript, { keys: [this.#notices], args }).then(
      () => void this.#published++,
      () => void this.#unpublished++,
    )
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener)
    if (this.#stopListening === undefined)
      this.#stopListening = listen(this.#client, this.#channel, {
        message: (message) => this.#hear(message),
        ready: () => void this.#hearStanding(),
      })
    else void this.#hearStanding()
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

  // While Redis is down there is nothing to hear; it is asked again when it is back.
  async #hearStanding(): Promise<void> {
    try {
      const reply = await this.#connection.run(readScript, { keys: [this.#notices], args: [] })
      const { now, open } = JSON.parse(reply) as { readonly now: number; readonly open: unknown }
      this.#serverZero = now - this.#clock.now()
      if (Array.isArray(open)) for (const notice of open) this.#tell(notice)
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

  #tell(notice: unknown): void {
    if (!isNotice(notice) || notice.from === this.#self) return
    this.#heard++
    for (const listener of this.#listeners) listener(notice)
  }
}

function isNotice(value: unknown): value is BroadcastMessage & { readonly from?: unknown } {
  if (typeof value !== 'object' || value === null) return false
  const { target, openMs } = value as { readonly target?: unknown; readonly openMs?: unknown }
  return typeof target === 'string' && typeof openMs === 'number' && openMs > 0
}

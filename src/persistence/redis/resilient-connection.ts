import { isNodeTimer, type Clock, type Timer } from '../../core/clock.ts'
import type { Logger } from '../../core/log.ts'
import { scrubSecrets } from '../../core/secret.ts'
import {
  defineScript,
  misconfigured,
  scriptRunner,
  type RedisClient,
  type RunScript,
  type Script,
} from './client.ts'

export interface ConnectionOptions {
  readonly client: RedisClient
  /** What it is for, in log lines. */
  readonly use: string
  readonly timeoutMs: number
  readonly clock: Clock
  readonly logger: Logger | undefined
  /** Namespace of its keys. */
  readonly space: string
  readonly onDown: (reason: string) => void
  readonly onUp: (downMs: number) => void
}

export interface ConnectionStats {
  readonly up: boolean
  /** How often Redis went down. */
  readonly outages: number
  /** Operations that failed or took too long. */
  readonly failures: number
}

/** What a script is given. */
export interface ScriptInput {
  readonly keys: string[]
  readonly args: string[]
}

// It writes: a copy that can only be read is of no use.
const probeScript: Script = /* @__PURE__ */ defineScript("return redis.call('SET', KEYS[1], '', 'PX', 1000)")
const FIRST_PROBE_MS = 100
const MAX_PROBE_MS = 5000

/**
 * The way to Redis: every operation is bounded in time, and the first that fails ends them all until a probe, sent
 * from time to time, is answered in time again. There is a timer only while an operation runs, or Redis is down.
 */
export class ResilientConnection {
  readonly #options: ConnectionOptions
  readonly #run: RunScript
  #downSince: number | undefined
  #reason = ''
  #upSince = -Infinity
  #probeMs = FIRST_PROBE_MS
  #nextProbeAt = 0
  #timer: Timer | undefined
  #closed = false
  readonly #running = new Set<Promise<string>>()
  #outages = 0
  #failures = 0

  constructor(options: ConnectionOptions) {
    if (!(options.timeoutMs > 0)) throw misconfigured('timeoutMs', 'takes a number above 0')
    this.#options = options
    this.#run = scriptRunner(options.client)
  }

  get up(): boolean {
    return this.#downSince === undefined
  }

  /** Why Redis is down, or was the last time. */
  get reason(): string {
    return this.#reason
  }

  /** Until Redis is tried again, in milliseconds. */
  get retryAfterMs(): number {
    return Math.max(FIRST_PROBE_MS, Math.ceil(this.#nextProbeAt - this.#options.clock.now()))
  }

  stats(): ConnectionStats {
    return { up: this.up, outages: this.#outages, failures: this.#failures }
  }

  /**
   * Runs a script; rejects at once while Redis is down. What is answered after `timeoutMs`, when nobody waits for it
   * any more, goes to `late`.
   */
  run(script: Script, input: ScriptInput, late?: (reply: string) => void): Promise<string> {
    if (!this.up) return Promise.reject(new Error(this.#reason))
    const running = this.#bounded(script, input, late)
    this.#running.add(running)
    const end = (): void => void this.#running.delete(running)
    running.then(end, end)
    return running
  }

  /** Ends the search for Redis, and waits for the operations under way. */
  async close(): Promise<void> {
    this.#closed = true
    this.#options.clock.clearTimer(this.#timer)
    await Promise.allSettled(this.#running)
  }

  #bounded(script: Script, { keys, args }: ScriptInput, late?: (reply: string) => void): Promise<string> {
    const { clock, timeoutMs } = this.#options
    const outage = this.#outages
    return new Promise((resolve, reject) => {
      let open = true
      const fail = (error: unknown): void => {
        if (!open) return
        open = false
        clock.clearTimer(timer)
        reject(this.#fail(error, outage))
      }
      const tooLate = (): void => fail(new Error(`no answer within ${timeoutMs} ms`))
      // An event loop that was blocked first reads what Redis has answered meanwhile.
      const timer = clock.setTimer(() => setImmediate(tooLate), timeoutMs)
      this.#run(script, keys, args).then((reply) => {
        clock.clearTimer(timer)
        if (!open) return late?.(String(reply))
        open = false
        resolve(String(reply))
      }, fail)
    })
  }

  #fail(error: unknown, outage: number): Error {
    const known = error instanceof Error ? error : new Error(String(error))
    this.#failures++
    // What was sent before the last outage says nothing of now.
    if (this.up && outage === this.#outages) this.#goDown(known)
    return known
  }

  #goDown(error: Error): void {
    const { clock, logger, use, onDown } = this.#options
    const now = clock.now()
    this.#downSince = now
    this.#outages++
    // Redis that comes and goes is asked less and less often.
    if (now - this.#upSince > MAX_PROBE_MS) this.#probeMs = FIRST_PROBE_MS
    this.#reason = scrubSecrets(error.message)
    logger?.warn({ use, reason: this.#reason }, 'Redis is down')
    onDown(this.#reason)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#closed) return
    const { clock } = this.#options
    const delayMs = this.#probeMs * (0.75 + Math.random() / 2)
    this.#probeMs = Math.min(2 * this.#probeMs, MAX_PROBE_MS)
    this.#nextProbeAt = clock.now() + delayMs
    this.#timer = idleTimer(clock, () => void this.#probe(), delayMs)
  }

  // Waits for its answer however long it takes: another one on the same connection would not be answered sooner.
  async #probe(): Promise<void> {
    const { clock, space, timeoutMs } = this.#options
    const since = clock.now()
    try {
      await this.#run(probeScript, [`${space}:probe`], [])
      if (this.#closed) return
      if (clock.now() - since <= timeoutMs) return this.#goUp()
      this.#probeMs = FIRST_PROBE_MS
    } catch {
      this.#failures++
    }
    this.#schedule()
  }

  #goUp(): void {
    const { clock, logger, use, onUp } = this.#options
    const downMs = clock.now() - (this.#downSince ?? 0)
    this.#downSince = undefined
    this.#upSince = clock.now()
    logger?.info({ use, downMs: Math.round(downMs) }, 'Redis is up again')
    onUp(downMs)
  }
}

/** A timer that does not keep a process alive which has nothing else to do. */
export function idleTimer(clock: Clock, action: () => void, delayMs: number): Timer {
  const timer = clock.setTimer(action, delayMs)
  if (isNodeTimer(timer)) timer.unref()
  return timer
}

import { isNodeTimer, type Clock, type Timer } from '../../core/clock.ts'
import { LlmError } from '../../core/error.ts'
import type { Logger } from '../../core/log.ts'
import { scrubSecrets } from '../../core/secret.ts'
import { defineScript, scriptRunner, type RedisClient, type RunScript, type Script } from './client.ts'

export interface ConnectionOptions {
  readonly client: RedisClient
  /** What the connection is for, in log lines. */
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
  /** Number of times that Redis went down. */
  readonly outages: number
  /** Operations that failed or timed out. */
  readonly failures: number
}

/** Keys and arguments of a script. */
export interface ScriptInput {
  readonly keys: string[]
  readonly args: string[]
}

// The probe writes, because a read-only replica does not help.
const probeScript: Script = /* @__PURE__ */ defineScript("return redis.call('SET', KEYS[1], '', 'PX', 1000)")
const FIRST_PROBE_MS = 100
const MAX_PROBE_MS = 5000

/**
 * Runs scripts with a timeout. After the first failure, all operations reject at once until a probe succeeds in time.
 * Probes repeat with growing delays. Timers exist only during operations and outages.
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

  /** Time until the next probe in ms. */
  get retryAfterMs(): number {
    return Math.max(FIRST_PROBE_MS, Math.ceil(this.#nextProbeAt - this.#options.clock.now()))
  }

  /** Creates the `overloaded` error for an operation that failed because Redis is down. */
  downError(use: string, code: string, cause: unknown): LlmError {
    const { retryAfterMs, reason } = this
    const message = `${use}: Redis is down (${reason}): check the server; the next attempt is in ${retryAfterMs} ms`
    return new LlmError('overloaded', message, { code, retryAfterMs, cause })
  }

  stats(): ConnectionStats {
    return { up: this.up, outages: this.#outages, failures: this.#failures }
  }

  /** Runs a script. Rejects at once while Redis is down. A reply that arrives after `timeoutMs` is passed to `late`. */
  run(script: Script, input: ScriptInput, late?: (reply: string) => void): Promise<string> {
    if (!this.up) return Promise.reject(new Error(this.#reason))
    const running = this.#bounded(script, input, late)
    this.#running.add(running)
    const end = (): void => void this.#running.delete(running)
    running.then(end, end)
    return running
  }

  /** Stops probing and waits for running operations. */
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
      const timedOut = (): void => fail(new Error(`no answer within ${timeoutMs} ms`))
      // After a blocked event loop, replies that have arrived are read first.
      const timer = clock.setTimer(() => setImmediate(timedOut), timeoutMs)
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
    // An operation from before the last outage says nothing about the current state.
    if (this.up && outage === this.#outages) this.#markDown(known)
    return known
  }

  #markDown(error: Error): void {
    const { clock, logger, use, onDown } = this.#options
    const now = clock.now()
    this.#downSince = now
    this.#outages++
    // If Redis goes down again soon, the probe delay keeps growing.
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

  // A probe has no timeout, because a second one on the same connection would not be answered sooner.
  async #probe(): Promise<void> {
    const { clock, space, timeoutMs } = this.#options
    const since = clock.now()
    try {
      await this.#run(probeScript, [`${space}:probe`], [])
      if (this.#closed) return
      if (clock.now() - since <= timeoutMs) return this.#markUp()
      this.#probeMs = FIRST_PROBE_MS
    } catch {
      this.#failures++
    }
    this.#schedule()
  }

  #markUp(): void {
    const { clock, logger, use, onUp } = this.#options
    const downMs = clock.now() - (this.#downSince ?? 0)
    this.#downSince = undefined
    this.#upSince = clock.now()
    logger?.info({ use, downMs: Math.round(downMs) }, 'Redis is up again')
    onUp(downMs)
  }
}

/** Starts a timer that does not keep the process alive. */
export function idleTimer(clock: Clock, action: () => void, delayMs: number): Timer {
  const timer = clock.setTimer(action, delayMs)
  if (isNodeTimer(timer)) timer.unref()
  return timer
}

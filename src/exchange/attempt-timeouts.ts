import type { Clock, Timer } from '../core/clock.ts'
import type { LlmError, TimeoutPhase } from '../core/error.ts'
import { timeoutError } from '../core/timeout-error.ts'

/** Maximum durations of the phases of one attempt in ms; 0 means no limit. */
export interface AttemptTimeoutsOptions {
  readonly clock: Clock
  /** From the start of the attempt to the response headers. */
  readonly headersMs: number
  /** From the start of the attempt to its first content. */
  readonly firstContentMs: number
  /** Between two contents, counted only while the consumer waits. */
  readonly idleMs: number
  /** Called once with a `timeout` error when a phase takes too long. */
  readonly expire: (error: LlmError) => void
}

/** Times the phases of one attempt. Idle time counts only while the consumer waits for the next event. */
export class AttemptTimeouts {
  readonly #options: AttemptTimeoutsOptions
  #timer: Timer | undefined
  readonly #headersTimer: Timer | undefined
  #phase: 'first-content' | 'idle' | 'over' = 'first-content'
  /** Idle time since the last content, in ms. */
  #idleMs = 0
  #waitingSince: number | undefined
  #firesAt = 0

  constructor(options: AttemptTimeoutsOptions) {
    this.#options = options
    const { clock, firstContentMs, headersMs } = options
    if (firstContentMs > 0)
      this.#timer = clock.setTimer(() => this.#late('first-content', firstContentMs), firstContentMs)
    if (headersMs > 0) this.#headersTimer = clock.setTimer(() => this.#late('headers', headersMs), headersMs)
  }

  /** Called when the response headers have arrived. Stops the `headers` timeout. */
  headersArrived(): void {
    this.#options.clock.clearTimer(this.#headersTimer)
  }

  /** Called when the consumer starts to wait for the provider. Idle time counts from now on. */
  startWaiting(): void {
    if (this.#phase !== 'idle' || this.#options.idleMs === 0) return
    const now = this.#options.clock.now()
    this.#waitingSince = now
    this.#arm(now + this.#options.idleMs - this.#idleMs)
  }

  /**
   * Called with every network read. `content`: whether it brought content. `step`: whether it brought a step of a tool that
   * the provider runs. Both reset the idle time.
   */
  contentArrived(content: boolean, step = false): void {
    if (this.#phase === 'over') return
    if (content) {
      if (this.#phase === 'first-content') this.#enterIdle()
      this.#idleMs = 0
    } else if (step) this.#idleMs = 0
    else if (this.#waitingSince !== undefined) {
      this.#idleMs += this.#options.clock.now() - this.#waitingSince
    }
    this.#waitingSince = undefined
  }

  /** Called at the end of the attempt. Stops all timers. */
  stop(): void {
    this.#phase = 'over'
    this.#options.clock.clearTimer(this.#timer)
    this.#options.clock.clearTimer(this.#headersTimer)
    this.#timer = undefined
  }

  #enterIdle(): void {
    this.#options.clock.clearTimer(this.#timer)
    this.#timer = undefined
    this.#phase = 'idle'
  }

  // A timer that fires too early is set again, because a new timer for every read would cost more.
  #arm(at: number): void {
    if (this.#timer !== undefined && this.#firesAt <= at) return
    const { clock } = this.#options
    clock.clearTimer(this.#timer)
    this.#firesAt = at
    this.#timer = clock.setTimer(() => this.#check(), Math.max(0, at - clock.now()))
  }

  #check(): void {
    this.#timer = undefined
    if (this.#phase !== 'idle' || this.#waitingSince === undefined) return
    const { clock, idleMs } = this.#options
    const due = this.#waitingSince + idleMs - this.#idleMs
    if (clock.now() >= due - 1) this.#late('idle', idleMs)
    else this.#arm(due)
  }

  #late(phase: TimeoutPhase, ms: number): void {
    if (this.#phase === 'over') return
    this.stop()
    this.#options.expire(timeoutError(phase, ms))
  }
}

import type { Clock, Timer } from '../core/clock.ts'
import type { LlmError, TimeoutPhase } from '../core/error.ts'
import { timeoutError } from '../core/timeout-error.ts'

export interface AttemptTimeoutsOptions {
  readonly clock: Clock
  readonly headersMs: number
  readonly firstContentMs: number
  readonly idleMs: number
  /** Told once, when a phase takes too long. */
  readonly expire: (error: LlmError) => void
}

/** Times the phases of one attempt. One timer at a time; silence counts only while someone waits for the next event. */
export class AttemptTimeouts {
  readonly #options: AttemptTimeoutsOptions
  #timer: Timer | undefined
  readonly #headersTimer: Timer | undefined
  #phase: 'first-content' | 'idle' | 'over' = 'first-content'
  /** Silence already waited for since the last content, in milliseconds. */
  #waited = 0
  #waitingSince: number | undefined
  #firesAt = 0

  constructor(options: AttemptTimeoutsOptions) {
    this.#options = options
    const { clock, firstContentMs, headersMs } = options
    if (firstContentMs > 0)
      this.#timer = clock.setTimer(() => this.#late('first-content', firstContentMs), firstContentMs)
    if (headersMs > 0) this.#headersTimer = clock.setTimer(() => this.#late('headers', headersMs), headersMs)
  }

  /** The response headers are here. */
  headersArrived(): void {
    this.#options.clock.clearTimer(this.#headersTimer)
  }

  /** Someone waits for the provider from now on. */
  startWaiting(): void {
    if (this.#phase !== 'idle' || this.#options.idleMs === 0) return
    const now = this.#options.clock.now()
    this.#waitingSince = now
    this.#arm(now + this.#options.idleMs - this.#waited)
  }

  /** Something came; `content` says whether it was content. */
  contentArrived(content: boolean): void {
    if (this.#phase === 'over') return
    if (content) {
      if (this.#phase === 'first-content') this.#enterIdle()
      this.#waited = 0
    } else if (this.#waitingSince !== undefined) {
      this.#waited += this.#options.clock.now() - this.#waitingSince
    }
    this.#waitingSince = undefined
  }

  /** The attempt is over. */
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

  // A timer that fires too early is set again: cheaper than a new timer for every read.
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
    const due = this.#waitingSince + idleMs - this.#waited
    if (clock.now() >= due - 1) this.#late('idle', idleMs)
    else this.#arm(due)
  }

  #late(phase: TimeoutPhase, ms: number): void {
    if (this.#phase === 'over') return
    this.stop()
    this.#options.expire(timeoutError(phase, ms))
  }
}

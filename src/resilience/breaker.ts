import CircuitBreaker from 'opossum'
import { timerMs, type Clock } from '../core/clock.ts'
import { errorTable, type LlmError } from '../core/error.ts'
import { optionsSchema } from '../core/options.ts'
import { milliseconds, positiveCount, type Group } from '../core/schema.ts'

/** When a breaker stops the calls to a target, and for how long. */
export interface BreakerOptions {
  /** Number of consecutive upstream errors that open the breaker. Default 5. */
  readonly failures?: number | undefined
  /** Minimum time that the breaker stays open in ms; longer if the provider asks for it. Default 60 000. */
  readonly openMs?: number | undefined
  /** Number of successful probes that close the breaker. Default 3. */
  readonly halfOpenSuccesses?: number | undefined
  /** Maximum time to the first content in ms; a slower call counts as an error. Default: off. */
  readonly slowMs?: number | undefined
}

/** The schema of {@link BreakerOptions}. */
export const breakerSchema: Group = optionsSchema<BreakerOptions>()(() => ({
  failures: positiveCount,
  openMs: milliseconds,
  halfOpenSuccesses: positiveCount,
  slowMs: milliseconds,
}))

/** `closed`: calls pass · `open`: calls are refused · `half-open`: one call at a time probes the target. */
export type BreakerState = 'closed' | 'open' | 'half-open'

/** A change of the state of one breaker. */
export interface BreakerEvent {
  /** Name of the target: `provider/model`. */
  readonly target: string
  readonly state: BreakerState
  /** What opened the breaker: the kind of the last error, `slow`, or `shared` if another process opened it. */
  readonly reason?: string | undefined
  /** Consecutive upstream errors. */
  readonly failures: number
  /** How long the breaker stays open in ms. */
  readonly openMs?: number | undefined
}

/** Permits one call. Only the first call of `succeed` or `fail` has an effect. */
export interface Permit {
  /** Records a complete response whose first content took `latencyMs`. */
  succeed(latencyMs: number): void
  /** Records a failed call. Only upstream errors count. */
  fail(error: LlmError): void
}

/** The breakers of all targets. */
export interface Breakers {
  /** Returns a permit, or how long the breaker refuses calls. */
  tryAcquire(target: string): Permit | { readonly retryAfterMs: number }
  /** Returns how long `tryAcquire` would refuse calls in ms, or `undefined` if it would not. Takes no probe. */
  openForMs(target: string): number | undefined
  /** Returns the state of a target's breaker; `closed` for an unknown target. */
  state(target: string): BreakerState
  /** Opens a target's breaker for `openMs`, because another process has opened its own. */
  open(target: string, openMs: number): void
  /** Shuts down all breakers. */
  close(): void
}

export interface BreakersOptions extends BreakerOptions {
  readonly clock: Clock
  /** Called with every change of a state. Must not throw. */
  readonly observe?: ((event: BreakerEvent) => void) | undefined
}

/** Creates one breaker per target, at its first call. */
export function createBreakers(options: BreakersOptions): Breakers {
  const breakers = new Map<string, TargetBreaker>()
  const breakerOf = (target: string): TargetBreaker => {
    let breaker = breakers.get(target)
    if (breaker === undefined) breakers.set(target, (breaker = new TargetBreaker(target, options)))
    return breaker
  }
  return {
    tryAcquire: (target) => breakerOf(target).tryAcquire(),
    openForMs: (target) => breakers.get(target)?.openForMs,
    state: (target) => breakers.get(target)?.state ?? 'closed',
    open: (target, openMs) => breakerOf(target).open('shared', openMs),
    close: () => {
      for (const breaker of breakers.values()) breaker.shutdown()
    },
  }
}

/**
 * The breaker of one target. opossum holds the state; this class counts consecutive upstream errors and probes. One probe runs
 * at a time, until its response is complete. There is no timer: the time is checked when the state is read.
 */
class TargetBreaker {
  readonly #target: string
  readonly #options: BreakersOptions
  #circuit: CircuitBreaker<[], void>
  #failures = 0
  #successes = 0
  #probing = false
  #openUntil = 0

  constructor(target: string, options: BreakersOptions) {
    this.#target = target
    this.#options = options
    this.#circuit = circuitOf(target, CLOSED)
  }

  get state(): BreakerState {
    this.#updateState()
    if (this.#circuit.opened) return 'open'
    return this.#circuit.halfOpen ? 'half-open' : 'closed'
  }

  get openForMs(): number | undefined {
    const state = this.state
    if (state === 'closed' || (state === 'half-open' && !this.#probing)) return undefined
    return Math.max(1, Math.ceil(this.#openUntil - this.#options.clock.now()))
  }

  tryAcquire(): Permit | { readonly retryAfterMs: number } {
    if (this.#circuit.closed) return this.#permit(false)
    const retryAfterMs = this.openForMs
    if (retryAfterMs !== undefined) return { retryAfterMs }
    this.#probing = true
    return this.#permit(true)
  }

  open(reason: string, openMs: number): void {
    if (this.state === 'open' || this.#circuit.isShutdown) return
    this.#openUntil = this.#options.clock.now() + openMs
    this.#circuit.open()
    this.#notify('open', reason, openMs)
  }

  shutdown(): void {
    this.#circuit.shutdown()
  }

  // opossum cannot use another clock, so a circuit that begins half-open replaces the open one.
  #updateState(): void {
    if (!this.#circuit.opened || this.#options.clock.now() < this.#openUntil) return
    this.#circuit.shutdown()
    this.#circuit = circuitOf(this.#target, HALF_OPEN)
    this.#successes = 0
    this.#probing = false
    this.#notify('half-open')
  }

  #permit(probe: boolean): Permit {
    let isPending = true
    const once = (action: () => void): void => {
      if (!isPending) return
      isPending = false
      if (probe) this.#probing = false
      action()
    }
    return {
      succeed: (latencyMs) => once(() => this.#succeed(probe, latencyMs)),
      fail: (error) => once(() => this.#fail(probe, error)),
    }
  }

  #succeed(probe: boolean, latencyMs: number): void {
    const { slowMs, halfOpenSuccesses = 3 } = this.#options
    if (slowMs !== undefined && latencyMs > slowMs) return this.#count(probe, 'slow', undefined)
    this.#failures = 0
    if (!probe || !this.#circuit.halfOpen || ++this.#successes < halfOpenSuccesses) return
    this.#circuit.close()
    this.#notify('closed')
  }

  // Errors of the caller and aborted calls do not count, because they say nothing about the provider.
  #fail(probe: boolean, error: LlmError): void {
    if (isUpstreamFault(error)) this.#count(probe, error.kind, error.retryAfterMs)
  }

  #count(probe: boolean, reason: string, askedMs: number | undefined): void {
    const { failures = 5, openMs = 60_000 } = this.#options
    this.#failures++
    const isFailedProbe = probe && this.#circuit.halfOpen
    if (isFailedProbe || (this.#circuit.closed && this.#failures >= failures))
      this.open(reason, Math.max(openMs, askedMs ?? 0))
  }

  #notify(state: BreakerState, reason?: string, openMs?: number): void {
    this.#options.observe?.({ target: this.#target, state, reason, failures: this.#failures, openMs })
  }
}

const CLOSED = { closed: true, halfOpen: false }
const HALF_OPEN = { closed: false, halfOpen: true }

const NEVER_ROTATES = {
  on: () => undefined,
  removeListener: () => undefined,
  listenerCount: () => 0,
} as unknown as NonNullable<CircuitBreaker.Options['rotateBucketController']>

function circuitOf(name: string, initial: typeof CLOSED): CircuitBreaker<[], void> {
  const state = { enabled: true, warmUp: false, shutdown: false, ...initial }
  // No statistics are kept, because rotating their buckets would need an interval.
  const quiet = {
    enableSnapshots: false,
    rollingPercentilesEnabled: false,
    rotateBucketController: NEVER_ROTATES,
  }
  const options = { name, timeout: false as const, resetTimeout: timerMs(Infinity), state, ...quiet }
  return new CircuitBreaker(async () => undefined, options)
}

/** Whether an error is an upstream error: not the caller's, and not the deadline of the call. */
export function isUpstreamFault(error: LlmError): boolean {
  return errorTable[error.kind].opensBreaker && error.phase !== 'total' && error.phase !== 'queue'
}

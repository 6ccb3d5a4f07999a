import CircuitBreaker from 'opossum'
import type { Clock } from '../core/clock.ts'
import { errorTable, type LlmError } from '../core/error.ts'
import { optionsSchema } from '../core/options.ts'
import { milliseconds, positiveCount, type Group } from '../core/schema.ts'

export interface BreakerOptions {
  /** Upstream faults in a row that open it. Default 5. */
  readonly failures?: number | undefined
  /** How long it stays open, in milliseconds; longer where the provider asks for more. Default 60 000. */
  readonly openMs?: number | undefined
  /** Good probes in a row that close it. Default 3. */
  readonly halfOpenSuccesses?: number | undefined
  /** A call whose first content takes longer counts as a fault. Default: no bound. */
  readonly slowMs?: number | undefined
}

/** The schema of {@link BreakerOptions}. */
export const breakerSchema: Group = optionsSchema<BreakerOptions>()(() => ({
  failures: positiveCount,
  openMs: milliseconds,
  halfOpenSuccesses: positiveCount,
  slowMs: milliseconds,
}))

export type BreakerState = 'closed' | 'open' | 'half-open'

/** A change of state, with the numbers behind it. */
export interface BreakerEvent {
  readonly target: string
  readonly state: BreakerState
  /** What opened it: the kind of the last fault, or `slow`; `shared` where another process did. */
  readonly reason?: string | undefined
  readonly failures: number
  /** How long it stays open. */
  readonly openMs?: number | undefined
}

/** Leave to make one call. Say exactly once how it went; what comes after the first does nothing. */
export interface Permit {
  /** The answer is complete; its first content took `latencyMs`. */
  succeed(latencyMs: number): void
  /** It failed: counts only where the fault is the provider's. */
  fail(error: LlmError): void
}

export interface Breakers {
  /** A permit, or how long the target stays closed to calls. */
  tryAcquire(target: string): Permit | { readonly retryAfterMs: number }
  /** How long `admit` would refuse, without asking it: a probe that is free stays free. `undefined` where it would not. */
  openForMs(target: string): number | undefined
  state(target: string): BreakerState
  /** Opens a target's breaker from outside: another process has found it failing. */
  open(target: string, openMs: number): void
  /** Ends all timers. */
  close(): void
}

export interface BreakersOptions extends BreakerOptions {
  readonly clock: Clock
  readonly observe?: ((event: BreakerEvent) => void) | undefined
}

/** One breaker per target. */
export function createBreakers(options: BreakersOptions): Breakers {
  const breakers = new Map<string, TargetBreaker>()
  const breakerOf = (target: string): TargetBreaker => {
    let breaker = breakers.get(target)
    if (breaker === undefined) breakers.set(target, (breaker = new TargetBreaker(target, options)))
    return breaker
  }
  return {
    tryAcquire: (target) => breakerOf(target).admit(),
    openForMs: (target) => breakers.get(target)?.refusesFor,
    state: (target) => breakers.get(target)?.state ?? 'closed',
    open: (target, openMs) => breakerOf(target).trip('shared', openMs),
    close: () => {
      for (const breaker of breakers.values()) breaker.shutdown()
    },
  }
}

/**
 * The states are opossum's; what counts, and how many probes it takes, is decided here: faults in a row, only the
 * provider's own, one probe at a time that lasts until its answer is complete. There is no timer: whether the time is up
 * is seen when somebody asks.
 */
class TargetBreaker {
  readonly #target: string
  readonly #options: BreakersOptions
  #circuit: CircuitBreaker<[], void>
  #failures = 0
  #successes = 0
  #probing = false
  #closedUntil = 0

  constructor(target: string, options: BreakersOptions) {
    this.#target = target
    this.#options = options
    this.#circuit = circuitOf(target, CLOSED)
  }

  get state(): BreakerState {
    this.#look()
    if (this.#circuit.opened) return 'open'
    return this.#circuit.halfOpen ? 'half-open' : 'closed'
  }

  get refusesFor(): number | undefined {
    const state = this.state
    if (state === 'closed' || (state === 'half-open' && !this.#probing)) return undefined
    return Math.max(1, Math.ceil(this.#closedUntil - this.#options.clock.now()))
  }

  admit(): Permit | { readonly retryAfterMs: number } {
    if (this.#circuit.closed) return this.#permit(false)
    const retryAfterMs = this.refusesFor
    if (retryAfterMs !== undefined) return { retryAfterMs }
    this.#probing = true
    return this.#permit(true)
  }

  trip(reason: string, openMs: number): void {
    if (this.state === 'open' || this.#circuit.isShutdown) return
    this.#closedUntil = this.#options.clock.now() + openMs
    this.#circuit.open()
    this.#tell('open', reason, openMs)
  }

  shutdown(): void {
    this.#circuit.shutdown()
  }

  // opossum's own clock cannot be set: a circuit that begins half-open takes the place of the open one.
  #look(): void {
    if (!this.#circuit.opened || this.#options.clock.now() < this.#closedUntil) return
    this.#circuit.shutdown()
    this.#circuit = circuitOf(this.#target, HALF_OPEN)
    this.#successes = 0
    this.#probing = false
    this.#tell('half-open')
  }

  #permit(probe: boolean): Permit {
    let open = true
    const once = (action: () => void): void => {
      if (!open) return
      open = false
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
    this.#tell('closed')
  }

  // A caller's fault, and a call that was left, say nothing of the provider: they neither open it nor hold a probe.
  #fail(probe: boolean, error: LlmError): void {
    if (isUpstreamFault(error)) this.#count(probe, error.kind, error.retryAfterMs)
  }

  #count(probe: boolean, reason: string, askedMs: number | undefined): void {
    const { failures = 5, openMs = 60_000 } = this.#options
    this.#failures++
    const again = probe && this.#circuit.halfOpen
    if (again || (this.#circuit.closed && this.#failures >= failures))
      this.trip(reason, Math.max(openMs, askedMs ?? 0))
  }

  #tell(state: BreakerState, reason?: string, openMs?: number): void {
    this.#options.observe?.({ target: this.#target, state, reason, failures: this.#failures, openMs })
  }
}

const CLOSED = { closed: true, halfOpen: false }
const HALF_OPEN = { closed: false, halfOpen: true }
const LONGEST_MS = 2_147_483_647

const NEVER_ROTATES = {
  on: () => undefined,
  removeListener: () => undefined,
  listenerCount: () => 0,
} as unknown as NonNullable<CircuitBreaker.Options['rotateBucketController']>

function circuitOf(name: string, begins: typeof CLOSED): CircuitBreaker<[], void> {
  const state = { enabled: true, warmUp: false, shutdown: false, ...begins }
  // A controller that never rotates its buckets: no statistics are kept, so that no interval runs.
  const quiet = {
    enableSnapshots: false,
    rollingPercentilesEnabled: false,
    rotateBucketController: NEVER_ROTATES,
  }
  const options = { name, timeout: false as const, resetTimeout: LONGEST_MS, state, ...quiet }
  return new CircuitBreaker(async () => undefined, options)
}

/** True for a fault of the provider: not a caller's error, not the caller's own deadline. */
export function isUpstreamFault(error: LlmError): boolean {
  return errorTable[error.kind].opensBreaker && error.phase !== 'total' && error.phase !== 'queue'
}

import { systemClock, type Clock } from '../core/clock.ts'
import { readRateHeaders, type HeaderOf, type ProviderRateLimit } from './rate-headers.ts'

/** The size of a call, as far as it is known before the call. */
export interface QuotaCharge {
  readonly inputTokens?: number | undefined
  /** Maximum number of output tokens. */
  readonly maxTokens?: number | undefined
}

/** Status and headers of a provider's response. */
export interface QuotaAnswer {
  readonly status: number
  readonly header: HeaderOf
  /** Wait that the provider asked for in an error, in ms. */
  readonly retryAfterMs?: number | undefined
}

/** A call in flight. Call exactly one of the two methods; later calls have no effect. */
export interface QuotaCall {
  /** Call when the response head has arrived. Its rate-limit headers then replace earlier values. */
  onResponse(answer: QuotaAnswer): void
  /** Call if no response will arrive, because the connection failed or the call was aborted. */
  noResponse(): void
}

/** Known quotas of one target. */
export interface QuotaSnapshot {
  /** Time until the target accepts calls after a refusal, in ms; 0 if it does now. */
  readonly blockedMs: number
  readonly inFlight: number
  readonly limits: readonly {
    readonly name: string
    readonly limit: number | undefined
    readonly remaining: number
    readonly ageMs: number
  }[]
}

/**
 * Learns the quotas of providers from their rate-limit headers, so that calls slow down before the provider refuses
 * them.
 */
export interface ProviderQuota {
  /** Returns the time until `target` can take a call of this size, in ms, as far as known; 0 means now. */
  waitMs(target: string, charge?: QuotaCharge): number
  /** Registers a call. It counts against the remaining quota until the provider's own values include it. */
  send(target: string, charge?: QuotaCharge): QuotaCall
  /** Blocks `target` for `ms`, because another process was refused there. */
  block(target: string, ms: number): void
  snapshot(target: string): QuotaSnapshot
  /** Forgets the quotas of a target. */
  reset(target: string): void
}

export interface ProviderQuotaOptions {
  readonly clock?: Clock | undefined
  /**
   * Maximum age of a value from a header in ms. Default 60 000, so a misread header slows a target down for one minute
   * at most. A refusal counts for as long as it says.
   */
  readonly maxAgeMs?: number | undefined
}

interface Known {
  readonly reading: ProviderRateLimit
  readonly at: number
  /** Refill per ms; 0 if the whole limit is renewed at the reset. */
  readonly refillPerMs: number
  readonly resetAt: number
}
interface Size {
  readonly requests: number
  readonly input: number
  readonly output: number
}
interface TargetState {
  readonly known: Map<string, Known>
  readonly unanswered: { requests: number; input: number; output: number }
  blockedUntil: number
  /** Number of consecutive refusals without a retry time. */
  refusals: number
}

const MINUTE_MS = 60_000
const FIRST_BLOCK_MS = 1000
const SWEPT_PER_NEW_TARGET = 3

/**
 * Creates a quota tracker for any number of targets. A target is any key, for example deployment, API key and model.
 */
export function createProviderQuota(options: ProviderQuotaOptions = {}): ProviderQuota {
  return new QuotaTracker(options.clock ?? systemClock, options.maxAgeMs ?? MINUTE_MS)
}

class QuotaTracker implements ProviderQuota {
  readonly #clock: Clock
  readonly #maxAgeMs: number
  readonly #targets: Map<string, TargetState> = new Map()
  #sweep: Iterator<[string, TargetState]> = this.#targets.entries()

  constructor(clock: Clock, maxAgeMs: number) {
    this.#clock = clock
    this.#maxAgeMs = maxAgeMs
  }

  waitMs(target: string, charge: QuotaCharge = {}): number {
    const state = this.#targets.get(target)
    if (state === undefined) return 0
    const now = this.#clock.now()
    const size = sizeOf(charge)
    let wait = state.blockedUntil - now
    for (const known of state.known.values()) {
      if (now - known.at < this.#maxAgeMs) wait = Math.max(wait, waitFor(known, state, { size, now }))
    }
    return Math.max(0, Math.ceil(wait))
  }

  send(target: string, charge: QuotaCharge = {}): QuotaCall {
    const state = this.#state(target)
    const size = sizeOf(charge)
    let open = true
    count(state.unanswered, size, 1)
    const close = (): boolean => {
      if (!open) return false
      open = false
      count(state.unanswered, size, -1)
      return true
    }
    return {
      onResponse: (answer) => {
        if (close()) this.#learn(state, answer)
      },
      noResponse: () => void close(),
    }
  }

  block(target: string, ms: number): void {
    const state = this.#state(target)
    state.blockedUntil = Math.max(state.blockedUntil, this.#clock.now() + ms)
  }

  snapshot(target: string): QuotaSnapshot {
    const state = this.#targets.get(target)
    const now = this.#clock.now()
    return {
      blockedMs: Math.max(0, Math.ceil((state?.blockedUntil ?? 0) - now)),
      inFlight: state?.unanswered.requests ?? 0,
      limits: [...(state?.known.values() ?? [])].map((known) => {
        const { name, limit } = known.reading
        return { name, limit, remaining: remainingOf(known, now), ageMs: now - known.at }
      }),
    }
  }

  reset(target: string): void {
    this.#targets.delete(target)
  }

  #learn(state: TargetState, { status, header, retryAfterMs }: QuotaAnswer): void {
    const now = this.#clock.now()
    for (const reading of readRateHeaders(header, this.#clock.epochMs()))
      state.known.set(reading.name, knownFrom(reading, now))
    if (status < 400) state.refusals = 0
    if (status < 400 || (retryAfterMs === undefined && status !== 429)) return
    state.blockedUntil = Math.max(state.blockedUntil, now + (retryAfterMs ?? this.#blockMs(state, now)))
  }

  /**
   * Returns how long a refusal without a retry time counts: until an empty limit resets, or twice as long each time.
   */
  #blockMs(state: TargetState, now: number): number {
    const empty = [...state.known.values()].filter((known) => remainingOf(known, now) < 1)
    const resets = empty.map(({ resetAt }) => resetAt - now).filter((ms) => ms > 0)
    if (resets.length > 0) return Math.min(this.#maxAgeMs, Math.max(...resets))
    return Math.min(MINUTE_MS, FIRST_BLOCK_MS * 2 ** state.refusals++)
  }

  #state(target: string): TargetState {
    const known = this.#targets.get(target)
    if (known !== undefined) return known
    const unanswered = { requests: 0, input: 0, output: 0 }
    const state = { known: new Map<string, Known>(), unanswered, blockedUntil: 0, refusals: 0 }
    this.#forgetIdle()
    this.#targets.set(target, state)
    return state
  }

  // There may be one target per user's API key, so idle ones are dropped as fast as new ones can arrive.
  #forgetIdle(): void {
    const now = this.#clock.now()
    for (let swept = 0; swept < SWEPT_PER_NEW_TARGET; swept++) {
      const next = this.#sweep.next()
      if (next.done === true) {
        this.#sweep = this.#targets.entries()
        return
      }
      const [target, { unanswered, blockedUntil, known }] = next.value
      const fresh = [...known.values()].some(({ at }) => now - at < this.#maxAgeMs)
      if (unanswered.requests === 0 && blockedUntil <= now && !fresh) this.#targets.delete(target)
    }
  }
}

function knownFrom(reading: ProviderRateLimit, now: number): Known {
  const { limit, remaining, resetMs, window, periodMs } = reading
  const resetAt = now + (resetMs ?? periodMs ?? MINUTE_MS)
  if (window || limit === undefined) return { reading, at: now, refillPerMs: 0, resetAt }
  const used = limit - remaining
  // The used part is assumed to refill evenly until the reset. Without a reset, the limit counts as one per minute.
  const refillPerMs =
    resetMs !== undefined && resetMs > 0 && used > 0 ? used / resetMs : limit / (periodMs ?? MINUTE_MS)
  return { reading, at: now, refillPerMs, resetAt }
}

/** Returns what remains of a limit now, without the calls in flight. */
function remainingOf({ reading, at, refillPerMs, resetAt }: Known, now: number): number {
  const { limit = Infinity, remaining } = reading
  if (refillPerMs === 0) return now >= resetAt ? limit : remaining
  return Math.min(limit, remaining + (now - at) * refillPerMs)
}

function waitFor(
  known: Known,
  { unanswered }: TargetState,
  { size, now }: { readonly size: Size; readonly now: number },
): number {
  const { reading, refillPerMs, resetAt } = known
  // The provider decides about a call larger than the limit, so it waits for the full limit at most.
  const needed = Math.min(amount(reading.unit, size), reading.limit ?? Infinity)
  const missing = needed - (remainingOf(known, now) - amount(reading.unit, unanswered))
  if (missing <= 0 || needed === 0) return 0
  return refillPerMs === 0 ? resetAt - now : missing / refillPerMs
}

function amount(unit: ProviderRateLimit['unit'], size: Size): number {
  switch (unit) {
    case 'requests':
      return size.requests
    case 'tokens':
      return size.input + size.output
    case 'input-tokens':
      return size.input
    case 'output-tokens':
      return size.output
  }
}

function sizeOf({ inputTokens = 0, maxTokens = 0 }: QuotaCharge): Size {
  return { requests: 1, input: inputTokens, output: maxTokens }
}

function count(total: TargetState['unanswered'], size: Size, sign: 1 | -1): void {
  total.requests += sign
  total.input += sign * size.input
  total.output += sign * size.output
}

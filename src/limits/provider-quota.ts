import { systemClock, type Clock } from '../core/clock.ts'
import { readRateHeaders, type HeaderOf, type ProviderRateLimit } from './rate-headers.ts'

/** The size of one call, as far as it is known before. */
export interface QuotaCharge {
  readonly inputTokens?: number | undefined
  /** The most it may answer. */
  readonly maxTokens?: number | undefined
}

/** The head of a provider's answer. */
export interface QuotaAnswer {
  readonly status: number
  readonly header: HeaderOf
  /** How long the provider asks to wait, where an error said so, in milliseconds. */
  readonly retryAfterMs?: number | undefined
}

/** One call that was sent, until its answer. Tell exactly one of the two; what comes after the first does nothing. */
export interface QuotaCall {
  /** The provider answered: its figures count from now on. */
  onResponse(answer: QuotaAnswer): void
  /** It will not answer: the connection failed, or the call was given up. */
  noResponse(): void
}

/** What is known of one target, for a dashboard. */
export interface QuotaSnapshot {
  /** Until the target takes calls again after it refused one, in milliseconds; 0 where it does. */
  readonly blockedMs: number
  readonly inFlight: number
  readonly limits: readonly {
    readonly name: string
    readonly limit: number | undefined
    readonly remaining: number
    readonly ageMs: number
  }[]
}

/** Learns a provider's quotas from its answers, so that calls slow down before the provider refuses them. */
export interface ProviderQuota {
  /** Until `target` can take a call of this size, in milliseconds, as far as is known; 0: now. */
  waitMs(target: string, charge?: QuotaCharge): number
  /** A call goes out. It counts against what is left until the provider's own figures include it. */
  send(target: string, charge?: QuotaCharge): QuotaCall
  /** Takes no calls to `target` for so long: another process was refused there. */
  block(target: string, ms: number): void
  snapshot(target: string): QuotaSnapshot
  /** Forgets what is known of a target. */
  reset(target: string): void
}

export interface ProviderQuotaOptions {
  readonly clock?: Clock | undefined
  /**
   * How long a figure from a header is believed, in milliseconds. Default 60 000: a misread header slows a target down
   * for that long at most. A refusal is believed for as long as it says.
   */
  readonly maxAgeMs?: number | undefined
}

interface Known {
  readonly reading: ProviderRateLimit
  readonly at: number
  /** What comes back per millisecond; 0 where all comes back at the reset. */
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
  /** Refusals in a row that did not say for how long. */
  hintless: number
}

const MINUTE_MS = 60_000
const FIRST_BLOCK_MS = 1000
const SWEPT_PER_NEW_TARGET = 3

/** Makes a quota watch for any number of targets: a provider's deployment, key and model in one word of your choice. */
export function createProviderQuota(options: ProviderQuotaOptions = {}): ProviderQuota {
  return new QuotaWatch(options.clock ?? systemClock, options.maxAgeMs ?? MINUTE_MS)
}

class QuotaWatch implements ProviderQuota {
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
        return { name, limit, remaining: left(known, now), ageMs: now - known.at }
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
    if (status < 400) state.hintless = 0
    if (status < 400 || (retryAfterMs === undefined && status !== 429)) return
    state.blockedUntil = Math.max(state.blockedUntil, now + (retryAfterMs ?? this.#blockMs(state, now)))
  }

  /** For how long a refusal counts that did not say: until an empty limit is whole, or longer each time. */
  #blockMs(state: TargetState, now: number): number {
    const empty = [...state.known.values()].filter((known) => left(known, now) < 1)
    const resets = empty.map(({ resetAt }) => resetAt - now).filter((ms) => ms > 0)
    if (resets.length > 0) return Math.min(this.#maxAgeMs, Math.max(...resets))
    return Math.min(MINUTE_MS, FIRST_BLOCK_MS * 2 ** state.hintless++)
  }

  #state(target: string): TargetState {
    const known = this.#targets.get(target)
    if (known !== undefined) return known
    const unanswered = { requests: 0, input: 0, output: 0 }
    const state = { known: new Map<string, Known>(), unanswered, blockedUntil: 0, hintless: 0 }
    this.#forgetIdle()
    this.#targets.set(target, state)
    return state
  }

  // Targets may be as many as the keys of users: what says nothing any longer goes as fast as new ones come.
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
  // What was used comes back until the reset, evenly; where that tells nothing, the limit is one of a minute.
  const refillPerMs =
    resetMs !== undefined && resetMs > 0 && used > 0 ? used / resetMs : limit / (periodMs ?? MINUTE_MS)
  return { reading, at: now, refillPerMs, resetAt }
}

/** What a limit holds now, unless calls on the way have used it. */
function left({ reading, at, refillPerMs, resetAt }: Known, now: number): number {
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
  // A call larger than the limit is the provider's to judge: it waits until the limit is whole, not for ever.
  const needed = Math.min(amount(reading.unit, size), reading.limit ?? Infinity)
  const missing = needed - (left(known, now) - amount(reading.unit, unanswered))
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

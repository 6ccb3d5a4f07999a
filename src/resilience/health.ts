import type { Clock } from '../core/clock.ts'
import type { LlmError } from '../core/error.ts'

/** `circuit-open`: its breaker refuses calls · `degraded`: more than half of its calls failed · `unhealthy`: its last three calls failed. */
export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy' | 'circuit-open'

/** Counts and latencies of one target. Only upstream errors count as failures. */
export interface TargetHealth {
  readonly status: HealthStatus
  readonly calls: number
  readonly succeeded: number
  readonly failed: number
  readonly consecutiveFailures: number
  readonly inFlight: number
  /** Time to the first content of the last 100 successful calls, in ms. */
  readonly latencyMs?:
    | { readonly mean: number; readonly p50: number; readonly p95: number; readonly p99: number }
    | undefined
  /** Time of the last success, in ms since the epoch. */
  readonly lastSuccessAt?: number | undefined
  /** Time of the last failure, in ms since the epoch. */
  readonly lastFailureAt?: number | undefined
  /** Kind of the last error. */
  readonly lastError?: string | undefined
}

/** Counts the calls of targets and their results. A status is computed when it is read. */
export interface HealthTracker {
  /** Called at the start of every attempt. */
  begin(target: string): void
  /** Called at the first content, with the time since the start in ms. */
  latency(target: string, ms: number): void
  /** Called at the end of every attempt; `fault` is its upstream error, if any. */
  end(target: string, fault?: LlmError): void
  read(target: string, circuitOpen: boolean): TargetHealth
  /** Names of all targets that were called. */
  targets(): readonly string[]
  inFlight(target: string): number
  /** Peak-sensitive moving average of the latency in ms: rises at once, falls slowly. 0 if unknown. */
  expectedMs(target: string): number
}

const WINDOW = 100
// Above this many calls both counters are halved, so that older calls count less.
const MAX_COUNTED = 1_000
const DECAY_MS = 10_000

interface Entry {
  succeeded: number
  failed: number
  consecutive: number
  inFlight: number
  latencies: number[]
  next: number
  expected: number
  expectedAt: number
  lastSuccessAt: number | undefined
  lastFailureAt: number | undefined
  lastError: string | undefined
}

/** Creates a tracker without targets. */
export function createHealthTracker(clock: Clock): HealthTracker {
  const entries = new Map<string, Entry>()
  const entryOf = (target: string): Entry => {
    let entry = entries.get(target)
    if (entry === undefined) entries.set(target, (entry = newEntry()))
    return entry
  }
  return {
    begin: (target) => {
      entryOf(target).inFlight++
    },
    latency: (target, ms) => addLatency(entryOf(target), ms, clock.now()),
    end: (target, fault) => endCall(entryOf(target), fault, clock.epochMs()),
    read: (target, circuitOpen) => describe(entries.get(target) ?? newEntry(), circuitOpen),
    targets: () => [...entries.keys()],
    inFlight: (target) => entries.get(target)?.inFlight ?? 0,
    expectedMs: (target) => {
      const entry = entries.get(target)
      return entry === undefined ? 0 : decayed(entry, clock.now())
    },
  }
}

function newEntry(): Entry {
  return {
    succeeded: 0,
    failed: 0,
    consecutive: 0,
    inFlight: 0,
    latencies: [],
    next: 0,
    expected: 0,
    expectedAt: 0,
    lastSuccessAt: undefined,
    lastFailureAt: undefined,
    lastError: undefined,
  }
}

function addLatency(entry: Entry, ms: number, now: number): void {
  entry.latencies[entry.next] = ms
  entry.next = (entry.next + 1) % WINDOW
  entry.expected = Math.max(ms, decayed(entry, now))
  entry.expectedAt = now
}

function decayed(entry: Entry, now: number): number {
  return entry.expected * Math.exp(-(now - entry.expectedAt) / DECAY_MS)
}

function endCall(entry: Entry, fault: LlmError | undefined, at: number): void {
  entry.inFlight--
  if (fault === undefined) {
    entry.succeeded++
    entry.consecutive = 0
    entry.lastSuccessAt = at
  } else {
    entry.failed++
    entry.consecutive++
    entry.lastFailureAt = at
    entry.lastError = fault.kind
  }
  if (entry.succeeded + entry.failed <= MAX_COUNTED) return
  entry.succeeded = Math.ceil(entry.succeeded / 2)
  entry.failed = Math.floor(entry.failed / 2)
}

function describe(entry: Entry, circuitOpen: boolean): TargetHealth {
  const { succeeded, failed, consecutive: consecutiveFailures, inFlight, latencies } = entry
  const calls = succeeded + failed
  return {
    status: statusOf(entry, circuitOpen),
    calls,
    succeeded,
    failed,
    consecutiveFailures,
    inFlight,
    latencyMs: latencies.length === 0 ? undefined : percentiles(latencies),
    lastSuccessAt: entry.lastSuccessAt,
    lastFailureAt: entry.lastFailureAt,
    lastError: entry.lastError,
  }
}

function statusOf({ succeeded, failed, consecutive }: Entry, circuitOpen: boolean): HealthStatus {
  if (circuitOpen) return 'circuit-open'
  if (failed > succeeded) return 'degraded'
  return consecutive >= 3 ? 'unhealthy' : 'healthy'
}

function percentiles(latencies: readonly number[]): NonNullable<TargetHealth['latencyMs']> {
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number
  const mean = sorted.reduce((sum, ms) => sum + ms, 0) / sorted.length
  return { mean, p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}

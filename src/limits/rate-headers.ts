import { rowOf } from '../core/json.ts'
/** Returns a header by its lower-case name. */
export type HeaderOf = (name: string) => string | undefined

/** One rate limit of a provider, from the headers of a response. */
export interface ProviderRateLimit {
  /** Name of the limit in its header: `requests`, `tokens`, `input-tokens`, `requests-day` … */
  readonly name: string
  readonly unit: 'requests' | 'tokens' | 'input-tokens' | 'output-tokens'
  readonly limit?: number | undefined
  readonly remaining: number
  /** Time until the limit is full again, in ms. */
  readonly resetMs?: number | undefined
  /** Whether the whole limit is renewed at the reset. Otherwise it refills continuously until then. */
  readonly window: boolean
  /** Length of the limit's period in ms, if the headers contain it. */
  readonly periodMs?: number | undefined
}

interface Family {
  readonly name: string
  readonly unit: ProviderRateLimit['unit']
  readonly window: boolean
  readonly headers: (what: 'limit' | 'remaining' | 'reset') => string
}

const SUFFIXES = ['second', 'minute', 'hour', 'day', 'month'] as const
const PERIODS_MS: Readonly<Record<string, number>> = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
}

const families: readonly Family[] = [
  ...(['requests', 'tokens'] as const).flatMap((unit) => [
    prefixed(unit, unit, false),
    ...SUFFIXES.map((suffix) => prefixed(`${unit}-${suffix}`, unit, true)),
  ]),
  prefixed('tokens_usage_based', 'tokens', false),
  ...(['requests', 'tokens', 'input-tokens', 'output-tokens'] as const).map((unit) => ({
    name: unit,
    unit,
    window: false,
    headers: (what: string) => `anthropic-ratelimit-${unit}-${what}`,
  })),
  { name: 'requests', unit: 'requests', window: true, headers: (what) => `x-ratelimit-${what}` },
  { name: 'requests', unit: 'requests', window: true, headers: (what) => `ratelimit-${what}` },
]

function prefixed(name: string, unit: Family['unit'], window: boolean): Family {
  return { name, unit, window, headers: (what) => `x-ratelimit-${what}-${name}` }
}

/** Reads every rate limit in the headers of a response. Skips masked, unlimited and non-numeric values. */
export function readRateHeaders(header: HeaderOf, epochMs: number): ProviderRateLimit[] {
  return families.flatMap((family) => {
    const remaining = figure(header(family.headers('remaining')))
    if (remaining === undefined) return []
    const limit = figure(header(family.headers('limit')))
    // A limit of -1 or 0 means that there is none.
    if (limit === undefined ? remaining < 0 : limit <= 0) return []
    const { name, unit, window } = family
    const renewal = figure(header(`x-ratelimit-renewalperiod-${name}`))
    const periodMs = renewal === undefined ? rowOf(PERIODS_MS, name.split('-')[1] ?? '') : renewal * 1000
    // Servers that send a renewal period give the reset in ms, all others in seconds.
    const bareMs = renewal === undefined ? 1000 : 1
    const resetMs = resetOf(header(family.headers('reset')), { epochMs: serverTime(header, epochMs), bareMs })
    return [{ name, unit, window, limit, remaining: Math.max(0, remaining), resetMs, periodMs }]
  })
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}
const DURATION = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d))+$/
const DURATION_PART = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)/g
const BARE = /^\d+(?:\.\d+)?$/

interface ResetContext {
  readonly epochMs: number
  /** Unit of a bare number in ms. */
  readonly bareMs: number
}

/** Parses a reset into ms from now: `6m0s`, `12ms`, seconds, a time since 1970 in seconds or ms, or a date. */
export function resetOf(
  text: string | undefined,
  { epochMs, bareMs }: ResetContext = { epochMs: 0, bareMs: 1000 },
): number | undefined {
  const value = text?.trim() ?? ''
  if (DURATION.test(value)) {
    let total = 0
    for (const [, amount, unit = ''] of value.matchAll(DURATION_PART))
      total += Number(amount) * (rowOf(UNITS_MS, unit) ?? 0)
    return total
  }
  if (BARE.test(value)) {
    const number = Number(value)
    if (number >= 1e11) return Math.max(0, number - epochMs)
    return number >= 1e9 ? Math.max(0, number * 1000 - epochMs) : number * bareMs
  }
  const date = value.length < 8 ? Number.NaN : Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - epochMs)
}

// Reset times are on the provider's clock, which may differ from ours by minutes, so its `date` header is preferred.
function serverTime(header: HeaderOf, epochMs: number): number {
  const serverDate = Date.parse(header('date') ?? '')
  return Number.isNaN(serverDate) ? epochMs : serverDate
}

function figure(text: string | undefined): number | undefined {
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) ? value : undefined
}

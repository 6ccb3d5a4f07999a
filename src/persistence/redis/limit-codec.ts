import type {
  BucketCharge,
  BucketDelta,
  CounterCharge,
  CounterDelta,
  StoreGrant,
  StoreReading,
  StoreRefusal,
  StoreRequest,
} from '../../limits/index.ts'
import type { ScriptInput } from './resilient-connection.ts'

/** Changes to buckets and counters. */
export interface Settlement {
  readonly buckets: readonly BucketDelta[]
  readonly counters: readonly CounterDelta[]
}

type Keyed = readonly { readonly key: string }[]

/** Encodes the arguments of the limit scripts. A number is sent as the shortest text that parses to the same double. */
export class LimitCodec {
  readonly #space: string

  constructor(space: string) {
    this.#space = space
  }

  charges({ buckets, counters, maxWaitMs }: StoreRequest): ScriptInput {
    const args = [String(buckets.length), String(Math.min(maxWaitMs, Number.MAX_SAFE_INTEGER))]
    for (const { capacity, refillPerMs, cost } of buckets)
      args.push(String(capacity), String(refillPerMs), String(cost))
    for (const { per, limit, cost } of counters) args.push(per, String(limit), String(cost))
    return { keys: this.#keys(buckets, counters), args }
  }

  settlement({ buckets, counters }: Settlement): ScriptInput {
    const args = [String(buckets.length)]
    for (const { refillPerMs, delta, at } of buckets)
      args.push(String(refillPerMs), String(delta), String(Math.round(at * 1000)))
    for (const { delta, period } of counters) args.push(String(delta), String(period))
    return { keys: this.#keys(buckets, counters), args }
  }

  forgotten(keys: readonly string[]): ScriptInput {
    return { keys: keys.flatMap((key) => [this.#bucket(key), this.#counter(key)]), args: [] }
  }

  #keys(buckets: Keyed, counters: Keyed): string[] {
    const keys = [`${this.#space}:clock`]
    for (const { key } of buckets) keys.push(this.#bucket(key))
    for (const { key } of counters) keys.push(this.#counter(key))
    return keys
  }

  #bucket(key: string): string {
    return `${this.#space}:b:${key}`
  }

  #counter(key: string): string {
    return `${this.#space}:c:${key}`
  }
}

/** Parses the numbers of a script's reply. */
export function parseNumbers(reply: string): number[] {
  return reply === '' ? [] : reply.split(' ').map(Number)
}

export function parseVerdict(reply: string, buckets: readonly BucketCharge[]): StoreGrant | StoreRefusal {
  const [granted, ...rest] = parseNumbers(reply)
  if (granted !== 1) return { granted: false, ...readingOf(rest, buckets.length) }
  const [at = 0, waitMs = 0, ...others] = rest
  const waits = waitMs > 0 ? others.splice(0, buckets.length) : []
  return { granted: true, at: at / 1000, waitMs, waits, periods: others }
}

export function parseReading(reply: string, buckets: readonly BucketCharge[]): StoreReading {
  return readingOf(parseNumbers(reply), buckets.length)
}

/** Returns the settlement that undoes a grant. */
export function reversal({ buckets, counters }: StoreRequest, { at, periods }: StoreGrant): Settlement {
  return {
    buckets: buckets.map(({ key, capacity, refillPerMs, cost }) => ({
      key,
      capacity,
      refillPerMs,
      delta: -cost,
      at,
    })),
    counters: counters.map(({ key, per, cost }: CounterCharge, index) => ({
      key,
      per,
      delta: -cost,
      period: periods[index] ?? 0,
    })),
  }
}

function readingOf(numbers: readonly number[], buckets: number): StoreReading {
  const counters = (numbers.length - buckets) / 2
  return {
    available: numbers.slice(0, buckets),
    used: numbers.slice(buckets, buckets + counters),
    resetMs: numbers.slice(buckets + counters),
  }
}

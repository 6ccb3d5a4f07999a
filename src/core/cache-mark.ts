import { isObject } from './json.ts'

/** Lifetime of a cached prefix. A vendor's nearest longer one is sent, else its longest. */
export type CacheTtl = '5m' | '30m' | '1h' | '12h' | '24h'

/** Marks the end of a prefix that the vendor shall cache. Without `ttl`: the vendor's shortest lifetime. */
export interface CacheMark {
  readonly ttl?: CacheTtl | undefined
}

/** The lifetimes, shortest first. */
export const cacheTtls: readonly CacheTtl[] = ['5m', '30m', '1h', '12h', '24h']

/** Reads a mark: `true`, a {@link CacheMark}, or the `cache_control` of Anthropic's format. `undefined`: none. */
export function readCacheMark(part: object): CacheMark | undefined {
  const { cache, cache_control: control } = part as {
    readonly cache?: unknown
    readonly cache_control?: unknown
  }
  if (cache === true) return {}
  const mark = isObject(cache) ? cache : isObject(control) ? control : undefined
  if (mark === undefined) return undefined
  const { ttl } = mark
  return cacheTtls.includes(ttl as CacheTtl) ? { ttl: ttl as CacheTtl } : {}
}

/** The longer of two lifetimes; `undefined` is the vendor's shortest. */
export function longerTtl(one: CacheTtl | undefined, other: CacheTtl | undefined): CacheTtl | undefined {
  const rank = (ttl: CacheTtl | undefined): number => (ttl === undefined ? -1 : cacheTtls.indexOf(ttl))
  return rank(other) > rank(one) ? other : one
}

/** The shortest of `accepted` (shortest first) that is at least the mark's lifetime; `undefined` for the vendor's default. */
export function nearestTtl(ttl: CacheTtl | undefined, accepted: readonly CacheTtl[]): CacheTtl | undefined {
  if (ttl === undefined) return undefined
  const least = cacheTtls.indexOf(ttl)
  const fitting = accepted.find((word) => cacheTtls.indexOf(word) >= least) ?? accepted.at(-1)
  return fitting === accepted[0] ? undefined : fitting
}

import type { BucketSnapshot, Limiter, LimitKeys } from '../../../limits/index.ts'
import type { CallerAccess } from './caller.ts'

/** The vendor whose rate-limit header names are used. */
export type RateLimitNames = 'openai' | 'anthropic'

/** Returns the ids by which a caller's limits are counted. */
export function limitKeysOf(access: CallerAccess): LimitKeys {
  return { user: access.userId, conversation: access.conversationId, tags: tagsOf(access) }
}

/** Returns the tags of a caller's calls. */
export function tagsOf({ tags, tenant }: CallerAccess): Readonly<Record<string, string>> | undefined {
  return tenant === undefined ? tags : { ...tags, tenant }
}

/** Returns headers with the tightest remaining limit of requests and of tokens; none without a limiter. */
export async function rateLimitHeaders(
  limiter: Limiter | undefined,
  keys: LimitKeys,
  names: RateLimitNames = 'openai',
): Promise<Record<string, string>> {
  if (limiter === undefined) return {}
  const headers: Record<string, string> = {}
  try {
    const { buckets } = await limiter.snapshot(keys)
    for (const unit of ['requests', 'tokens'] as const) {
      const bucket = tightest(buckets.filter((each) => each.unit === unit))
      if (bucket !== undefined) Object.assign(headers, write(bucket, names))
    }
  } catch {
    // The limit store is unavailable. The call was already admitted, so its response is sent without the headers.
  }
  return headers
}

function tightest(buckets: readonly BucketSnapshot[]): BucketSnapshot | undefined {
  return buckets.toSorted((a, b) => a.available - b.available)[0]
}

function write({ unit, capacity, available, fullInMs }: BucketSnapshot, names: RateLimitNames): object {
  const remaining = String(Math.max(0, Math.floor(available)))
  const limit = String(capacity)
  if (names === 'anthropic') {
    const lead = `anthropic-ratelimit-${unit}`
    const reset = new Date(Date.now() + fullInMs).toISOString()
    return { [`${lead}-limit`]: limit, [`${lead}-remaining`]: remaining, [`${lead}-reset`]: reset }
  }
  return {
    [`x-ratelimit-limit-${unit}`]: limit,
    [`x-ratelimit-remaining-${unit}`]: remaining,
    [`x-ratelimit-reset-${unit}`]: duration(fullInMs),
  }
}

// OpenAI's form: 1ms, 6s, 1m12s.
function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.ceil(ms))}ms`
  const seconds = Math.ceil(ms / 1000)
  if (seconds < 60) return `${seconds}s`
  return `${Math.floor(seconds / 60)}m${seconds % 60}s`
}

import type { BucketSnapshot, Limiter, LimitKeys } from '../../../limits/index.ts'
import { callerKey } from '../../../core/caller-key.ts'
import type { CallOptions } from '../../../core/request.ts'
import type { CallerAccess } from './caller.ts'

/** The vendor whose rate-limit header names are used. */
export type RateLimitNames = 'openai' | 'anthropic'

/** Returns the ids by which a caller's limits are counted. */
export function limitKeysOf(access: CallerAccess, conversationId?: string): LimitKeys {
  const { userId: user, anonymous, conversationId: conversation, ...rest } = callerOf(access, conversationId)
  return { user, anonymous, conversation, conversationChecked: rest.conversationChecked, tags: rest.tags }
}

/** Who a call is made for, as options of the call. */
export type CallOwner = Pick<
  CallOptions,
  'userId' | 'anonymous' | 'conversationId' | 'conversationChecked' | 'priority' | 'tags'
>

/**
 * Returns the options that make a call the caller's. A conversation that `authorize` names is checked by it; one that the body
 * names is not. Callers without an id share one.
 */
export function callerOf(access: CallerAccess, conversationId?: string): CallOwner {
  const { userId, priority } = access
  const conversationChecked = access.conversationId === undefined ? undefined : true
  const anonymous = isAnonymous(access) ? true : undefined
  const conversation = access.conversationId ?? conversationId
  return {
    userId,
    anonymous,
    conversationId: conversation,
    conversationChecked,
    priority,
    tags: tagsOf(access),
  }
}

/** Returns the key of a caller in caps of streams. */
export function ownerKeyOf({ userId: user, tenant }: CallerAccess): string {
  return callerKey({ user, tenant, anonymous: true }) ?? ''
}

function isAnonymous({ userId }: CallerAccess): boolean {
  return userId === undefined || userId === ''
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

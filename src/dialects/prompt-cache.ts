import { cacheTtls, nearestTtl, type CacheMark, type CacheTtl } from '../core/cache-mark.ts'
import type { JsonDraft, JsonObject, JsonValue } from '../core/json.ts'
import type { EncodeContext } from '../core/params.ts'
import type { CacheSetting } from '../core/request.ts'
import { cacheControl, withCacheControl } from './cache-control.ts'

/**
 * The key of a cached prefix in OpenAI's formats. Writes the lifetime, and the field of vendors that choose the marks, beside
 * it. `lifetimes`: those of a whole request, shortest first.
 */
export function encodeCache(
  cache: CacheSetting,
  { body, quirks, rules: { cacheMarks }, warn }: EncodeContext,
  lifetimes: readonly [CacheTtl, ...CacheTtl[]],
): JsonValue | undefined {
  const { key, id, ttl, auto } = cache
  const choice = auto === true && 'auto' in cacheMarks ? cacheMarks.auto : undefined
  if (id !== undefined) warn('id was not sent: the format has none')
  if (choice === 'field') body['cache_control'] = cacheControl(cache)
  if (ttl === undefined) return key
  const { cacheTtl } = quirks
  if (cacheTtl === 'options') {
    const sent = nearestTtl(ttl, lifetimes) ?? lifetimes[0]
    body['prompt_cache_options'] = { mode: 'implicit', ttl: sent }
    if (cacheTtls.indexOf(sent) < cacheTtls.indexOf(ttl))
      warn(`ttl ${ttl} was sent as ${sent}: the format has no longer one`)
  } else if (cacheTtl !== undefined)
    body['prompt_cache_retention'] =
      cacheTtl === 'day' || ttl === '24h' || ttl === '12h' ? '24h' : 'in_memory'
  else if (choice === undefined || choice === 'itself') warn('ttl was not sent: the vendor decides')
  return key
}

/** Blocks of which the last one has the mark, as the server writes it. */
export function withCacheMark(blocks: JsonObject[], mark: unknown, breakpoints: unknown): JsonObject[] {
  if (breakpoints !== true) return withCacheControl(blocks, mark)
  const last = blocks.at(-1)
  if (mark === undefined || last === undefined) return blocks
  const ttl = nearestTtl((mark as CacheMark).ttl, ['30m', '12h'])
  const marked: JsonDraft = { ...last, prompt_cache_breakpoint: { mode: 'explicit', ttl } }
  return [...blocks.slice(0, -1), marked]
}

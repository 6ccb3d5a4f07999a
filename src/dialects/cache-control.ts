import { nearestTtl, type CacheMark } from '../core/cache-mark.ts'
import type { JsonDraft, JsonObject } from '../core/json.ts'

/** The field that marks the end of a cached prefix in Anthropic's format, and in those that took it over. */
export function cacheControl(mark: CacheMark): JsonObject {
  return { type: 'ephemeral', ttl: nearestTtl(mark.ttl, ['5m', '1h']) }
}

/** Blocks of which the last one has the mark, if there is one. */
export function withCacheControl<B extends JsonObject>(blocks: B[], mark: unknown): B[] {
  const last = blocks.at(-1)
  if (mark !== undefined && last !== undefined) {
    const marked: JsonDraft = { ...last, cache_control: cacheControl(mark as CacheMark) }
    blocks[blocks.length - 1] = marked as B
  }
  return blocks
}

import { nearestTtl, type CacheMark } from '../../core/cache-mark.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { EncodeContext } from '../../core/params.ts'
import type { CacheSetting } from '../../core/request.ts'

/** Blocks with the end of a cached prefix behind them, as a block of its own, if there is a mark. */
export function withCachePoint(blocks: JsonObject[], mark: unknown): JsonObject[] {
  if (mark === undefined || blocks.length === 0) return blocks
  const ttl = nearestTtl((mark as CacheMark).ttl, ['5m', '1h'])
  return [...blocks, { cachePoint: { type: 'default', ttl } }]
}

/** The format has marks only, which are in the messages. */
export function encodeCache({ key, id }: CacheSetting, { warn }: EncodeContext): JsonValue | undefined {
  if (key !== undefined || id !== undefined) warn('key and id were not sent: the format has none')
  return undefined
}

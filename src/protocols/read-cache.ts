import { cacheTtls, type CacheMark } from '../core/cache-mark.ts'
import type { CacheSetting } from '../core/request.ts'
import type { TextPart } from '../core/message.ts'
import type { JsonReader } from './json-reader.ts'

/** Reads the mark of a cached prefix that a block, part or tool ends, as Anthropic's format writes it. */
export function readMark(fields: JsonReader): { readonly cache?: CacheMark } {
  const control = fields.object('cache_control')
  if (control === undefined) return {}
  const ttl = control.oneOf('ttl', cacheTtls)
  return { cache: ttl === undefined ? {} : { ttl } }
}

/** Text parts as one text; as parts if one of them has a mark. */
export function joinTexts(parts: readonly TextPart[]): string | readonly TextPart[] {
  return parts.some(({ cache }) => cache !== undefined) ? parts : parts.map(({ text }) => text).join('\n')
}

/** Reads the cache of the whole request: OpenAI's key, and the field by which Anthropic places the marks itself. */
export function readCache(body: JsonReader): CacheSetting | undefined {
  const key = body.text('prompt_cache_key')
  const { cache } = readMark(body)
  if (key === undefined && cache === undefined) return undefined
  return { ...cache, auto: cache !== undefined, ...(key === undefined ? undefined : { key }) }
}

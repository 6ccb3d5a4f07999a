import { numberOf, objectOf } from '../../core/json.ts'
import type { Usage } from '../../core/response.ts'

/** Neutral usage. Adds cache reads and writes to the wire's input, which leaves them out. */
export function readUsage(value: unknown): Partial<Usage> | undefined {
  const usage = objectOf(value)
  const inputTokens = numberOf(usage['inputTokens'])
  const outputTokens = numberOf(usage['outputTokens'])
  if (inputTokens === undefined && outputTokens === undefined) return undefined
  const read = numberOf(usage['cacheReadInputTokens']) ?? numberOf(usage['cacheReadInputTokenCount'])
  const written = numberOf(usage['cacheWriteInputTokens']) ?? numberOf(usage['cacheWriteInputTokenCount'])
  return {
    inputTokens: (inputTokens ?? 0) + (read ?? 0) + (written ?? 0),
    outputTokens,
    cachedInputTokens: read,
    cacheWriteTokens: written,
  }
}

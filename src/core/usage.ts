import { isObject } from './json.ts'
import type { Usage } from './response.ts'

/**
 * Merges later figures into earlier ones, field by field. A missing field, `null`, and a zero after a positive figure
 * replace nothing, because servers send blocks of zeros after the real ones.
 */
export function mergeFigures<T extends object>(held: T | undefined, next: T): T {
  const merged: Record<string, unknown> = { ...held }
  for (const [name, value] of Object.entries(next) as [string, unknown][]) {
    const known = merged[name]
    if (value === undefined || value === null || (value === 0 && known !== undefined)) continue
    merged[name] = isObject(value) && isObject(known) ? mergeFigures(known, value) : value
  }
  return merged as T
}

/**
 * Completes the figures of a provider. The total shows whether reasoning was counted apart. Without one, cached or reasoning
 * tokens that cannot be part of input or output are added. The total is at least the sum. `undefined`: there are no
 * figures, or only zeros.
 */
export function wholeUsage(part: Partial<Usage>): Usage | undefined {
  const { cachedInputTokens = 0, cacheWriteTokens = 0, reasoningTokens = 0, totalTokens = 0 } = part
  let { inputTokens = 0, outputTokens = 0 } = part
  if (inputTokens + outputTokens + totalTokens === 0) return undefined
  const cached = cachedInputTokens + cacheWriteTokens
  const isApart =
    totalTokens === 0
      ? reasoningTokens > outputTokens
      : totalTokens === inputTokens + outputTokens + reasoningTokens
  if (isApart) outputTokens += reasoningTokens
  if (totalTokens === 0 && cached > inputTokens) inputTokens += cached
  return {
    ...part,
    inputTokens,
    outputTokens,
    totalTokens: Math.max(totalTokens, inputTokens + outputTokens),
  }
}

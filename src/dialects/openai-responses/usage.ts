import { numberOf, objectOf } from '../../core/json.ts'
import type { Usage } from '../../core/response.ts'

/** Usage in this format; `undefined` where nothing was counted. */
export function readUsage(value: unknown): Partial<Usage> | undefined {
  const usage = objectOf(value)
  const input = numberOf(usage['input_tokens'])
  const outputTokens = numberOf(usage['output_tokens'])
  if (input === undefined && outputTokens === undefined) return undefined
  const details = objectOf(usage['input_tokens_details'])
  const cachedInputTokens = numberOf(details['cached_tokens'])
  // More cached than counted: this server counts the cached tokens apart.
  const apart = cachedInputTokens !== undefined && input !== undefined && cachedInputTokens > input
  return {
    inputTokens: apart ? input + cachedInputTokens : input,
    outputTokens,
    totalTokens: apart ? undefined : numberOf(usage['total_tokens']),
    cachedInputTokens,
    cacheWriteTokens: numberOf(details['cache_write_tokens']),
    reasoningTokens: numberOf(objectOf(usage['output_tokens_details'])['reasoning_tokens']),
  }
}

import { numberOf, objectOf } from '../../core/json.ts'
import type { Fragment } from '../../core/dialect.ts'
import type { Usage } from '../../core/response.ts'

/** Neutral usage, from the field names of several vendors; `undefined` if there is none. */
export function readUsage(value: unknown): Partial<Usage> | undefined {
  const usage = objectOf(value)
  const inputTokens = numberOf(usage['prompt_tokens']) ?? numberOf(usage['input_tokens'])
  const completion = numberOf(usage['completion_tokens']) ?? numberOf(usage['output_tokens'])
  if (inputTokens === undefined && completion === undefined) return undefined
  const promptDetails = objectOf(usage['prompt_tokens_details'] ?? usage['input_tokens_details'])
  const outputDetails = objectOf(usage['completion_tokens_details'] ?? usage['output_tokens_details'])
  const reasoningTokens = numberOf(outputDetails['reasoning_tokens']) ?? numberOf(usage['reasoning_tokens'])
  const totalTokens = numberOf(usage['total_tokens'])
  return {
    inputTokens,
    // Some omit a figure that follows from the others.
    outputTokens:
      completion ?? (totalTokens === undefined ? undefined : Math.max(0, totalTokens - (inputTokens ?? 0))),
    totalTokens,
    cachedInputTokens:
      numberOf(promptDetails['cached_tokens']) ??
      numberOf(usage['prompt_cache_hit_tokens']) ??
      numberOf(usage['cached_tokens']) ??
      numberOf(usage['num_cached_tokens']) ??
      numberOf(usage['cache_read_input_tokens']),
    cacheWriteTokens:
      numberOf(promptDetails['cache_write_tokens']) ??
      numberOf(promptDetails['cache_creation_tokens']) ??
      numberOf(usage['cache_creation_input_tokens']),
    reasoningTokens,
  }
}

/** Removes the totals of answers with more reasoning than output, of which it then cannot be a part: it is added. */
export function addReasoning(fragments: Fragment[], from: number): void {
  for (let at = from; at < fragments.length; at++) {
    const fragment = fragments[at]
    if (fragment?.type !== 'usage') continue
    const { outputTokens = 0, reasoningTokens = 0 } = fragment.usage
    if (reasoningTokens > outputTokens)
      fragments[at] = { type: 'usage', usage: { ...fragment.usage, totalTokens: undefined } }
  }
}

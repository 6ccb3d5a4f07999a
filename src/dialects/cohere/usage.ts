import { numberOf, objectOf } from '../../core/json.ts'
import type { Usage } from '../../core/response.ts'

/** Neutral usage: the tokens of the model, else the billed units. */
export function readUsage(value: unknown): Partial<Usage> | undefined {
  const usage = objectOf(value)
  const tokens = objectOf(usage['tokens'])
  const billed = objectOf(usage['billed_units'])
  const inputTokens = numberOf(tokens['input_tokens']) ?? numberOf(billed['input_tokens'])
  const outputTokens = numberOf(tokens['output_tokens']) ?? numberOf(billed['output_tokens'])
  if (inputTokens === undefined && outputTokens === undefined) return undefined
  return { inputTokens, outputTokens, cachedInputTokens: numberOf(usage['cached_tokens']) }
}

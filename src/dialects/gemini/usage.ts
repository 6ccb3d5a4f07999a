import { numberOf, objectOf } from '../../core/json.ts'
import type { Usage } from '../../core/response.ts'

/**
 * Neutral usage. Tokens of the provider's own tools count as input, those of reasoning as output. `undefined` if the wire
 * has no figures.
 */
export function readUsage(value: unknown): Partial<Usage> | undefined {
  const usage = objectOf(value)
  const prompt = numberOf(usage['promptTokenCount'])
  const answer = numberOf(usage['candidatesTokenCount'])
  const reasoningTokens = numberOf(usage['thoughtsTokenCount'])
  const totalTokens = numberOf(usage['totalTokenCount'])
  if (prompt === undefined && answer === undefined && totalTokens === undefined) return undefined
  const inputTokens =
    prompt === undefined ? undefined : prompt + (numberOf(usage['toolUsePromptTokenCount']) ?? 0)
  return {
    inputTokens,
    outputTokens: outputOf(answer, { reasoningTokens, inputTokens, totalTokens }),
    totalTokens,
    cachedInputTokens: numberOf(usage['cachedContentTokenCount']),
    reasoningTokens,
  }
}

interface Figures {
  readonly reasoningTokens: number | undefined
  readonly inputTokens: number | undefined
  readonly totalTokens: number | undefined
}

// Some models report no figure for their answer. It is then the rest of the total.
function outputOf(
  answer: number | undefined,
  { reasoningTokens, inputTokens = 0, totalTokens = 0 }: Figures,
): number | undefined {
  const counted = (answer ?? 0) + (reasoningTokens ?? 0)
  const rest = totalTokens - inputTokens
  if (answer === undefined && rest > counted) return rest
  return answer === undefined && reasoningTokens === undefined ? undefined : counted
}

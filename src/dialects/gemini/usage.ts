import { numberOf, objectOf } from '../../core/json.ts'
import type { Usage } from '../../core/response.ts'

/**
 * Usage as reported, with the neutral meanings: what tools of the provider brought in counts as input, thoughts as output.
 * `undefined` where there is no figure.
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

// Some models give no figure for their answer: then it is what the total has beyond the rest.
function outputOf(
  answer: number | undefined,
  { reasoningTokens, inputTokens = 0, totalTokens = 0 }: Figures,
): number | undefined {
  const told = (answer ?? 0) + (reasoningTokens ?? 0)
  const rest = totalTokens - inputTokens
  if (answer === undefined && rest > told) return rest
  return answer === undefined && reasoningTokens === undefined ? undefined : told
}

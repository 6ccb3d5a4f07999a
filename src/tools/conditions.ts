import type { StopCondition } from './run-types.ts'

/** True once the run has `count` completed steps. */
export function stepCount(count: number): StopCondition {
  return ({ steps }) => steps.length >= count
}

/** True once the tool `name` has been called. */
export function toolCalled(name: string): StopCondition {
  return ({ steps }) => steps.some(({ results }) => results.some((result) => result.name === name))
}

/** True once the run has used `tokens` tokens. */
export function tokensUsed(tokens: number): StopCondition {
  return ({ usage }) => usage.totalTokens >= tokens
}

/** True once the run has cost `usd` US dollars, or its cost is unknown. */
export function costReached(usd: number): StopCondition {
  return ({ costUsd }) => costUsd === null || costUsd >= usd
}

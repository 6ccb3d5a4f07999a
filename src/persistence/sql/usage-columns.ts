import { type UsageCounts, type UsageTotals, usageTotals } from '../../conversations/storage/index.ts'
import { count, type SqlRow } from './executor.ts'

/** The usage columns, in the order of {@link usageValues}. */
export const usageColumns: readonly string[] = [
  'input_tokens',
  'output_tokens',
  'total_tokens',
  'cached_input_tokens',
  'reasoning_tokens',
  'cost_nano_usd',
  'calls',
  'unpriced_calls',
]

/** Returns counts in the order of the columns. */
export function usageValues(counts: UsageCounts): readonly number[] {
  const { inputTokens, outputTokens, totalTokens, cachedInputTokens, reasoningTokens } = counts
  const tokens = [inputTokens, outputTokens, totalTokens, cachedInputTokens, reasoningTokens]
  return [...tokens, counts.costNanoUsd, counts.calls, counts.unpricedCalls]
}

/** Reads the usage totals of a row. */
export function readUsage(row: SqlRow | undefined): UsageTotals {
  return usageTotals({
    inputTokens: count(row, 'input_tokens'),
    outputTokens: count(row, 'output_tokens'),
    totalTokens: count(row, 'total_tokens'),
    cachedInputTokens: count(row, 'cached_input_tokens'),
    reasoningTokens: count(row, 'reasoning_tokens'),
    costNanoUsd: count(row, 'cost_nano_usd'),
    calls: count(row, 'calls'),
    unpricedCalls: count(row, 'unpriced_calls'),
  })
}

/** Returns `a = t.a + $4, b = t.b + $5 …`: adds values, starting at placeholder `first`. */
export function addUsage(alias: string, first: number): string {
  return usageColumns.map((column, at) => `${column} = ${alias}${column} + $${first + at}`).join(', ')
}

import type { Usage } from '../../core/response.ts'
import type { UsageTotals } from './records.ts'

/** Totals in whole numbers, whose sum is exact in any order: what a store counts with. */
export interface UsageCounts {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly totalTokens: number
  readonly cachedInputTokens: number
  readonly reasoningTokens: number
  /** Billionths of a dollar. */
  readonly costNanoUsd: number
  readonly calls: number
  readonly unpricedCalls: number
}

export const noCounts: UsageCounts = Object.freeze({
  inputTokens: 0,
  outputTokens: 0,
  totalTokens: 0,
  cachedInputTokens: 0,
  reasoningTokens: 0,
  costNanoUsd: 0,
  calls: 0,
  unpricedCalls: 0,
})

const NANO = 1e9

/** What one answer adds. Nothing where its usage is not known. */
export function usageCounts(answer: {
  readonly usage?: Usage | undefined
  readonly costUsd?: number | null | undefined
}): UsageCounts {
  const { usage, costUsd } = answer
  if (usage === undefined) return noCounts
  const priced = costUsd !== undefined && costUsd !== null
  return {
    inputTokens: Math.round(usage.inputTokens),
    outputTokens: Math.round(usage.outputTokens),
    totalTokens: Math.round(usage.totalTokens),
    cachedInputTokens: Math.round(usage.cachedInputTokens ?? 0),
    reasoningTokens: Math.round(usage.reasoningTokens ?? 0),
    costNanoUsd: priced ? Math.round(costUsd * NANO) : 0,
    calls: 1,
    unpricedCalls: priced ? 0 : 1,
  }
}

/** Both together. */
export function addCounts(a: UsageCounts, b: UsageCounts): UsageCounts {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    totalTokens: a.totalTokens + b.totalTokens,
    cachedInputTokens: a.cachedInputTokens + b.cachedInputTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
    costNanoUsd: a.costNanoUsd + b.costNanoUsd,
    calls: a.calls + b.calls,
    unpricedCalls: a.unpricedCalls + b.unpricedCalls,
  }
}

/** Counts as records show them. */
export function usageTotals({ costNanoUsd, ...counts }: UsageCounts): UsageTotals {
  return { ...counts, costUsd: costNanoUsd / NANO }
}

/** Nothing used. */
export const noUsage: UsageTotals = Object.freeze({
  inputTokens: 0,
  outputTokens: 0,
  totalTokens: 0,
  cachedInputTokens: 0,
  reasoningTokens: 0,
  costUsd: 0,
  calls: 0,
  unpricedCalls: 0,
})

import { argument, checkArguments } from '../../core/check-arguments.ts'
import type { Usage } from '../../core/response.ts'
import type { UsageTotals } from './records.ts'

/** Usage totals of a store, in whole numbers because their sum is exact in any order. */
export interface UsageCounts {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly totalTokens: number
  readonly cachedInputTokens: number
  readonly reasoningTokens: number
  /** Cost in billionths of a US dollar. */
  readonly costNanoUsd: number
  readonly calls: number
  readonly unpricedCalls: number
}

/** Zero usage. */
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

/** The counts that one response adds; zero if its usage is unknown. */
export function usageCounts(answer: {
  readonly usage?: Usage | undefined
  readonly costUsd?: number | null | undefined
}): UsageCounts {
  checkArguments('usageCounts', { answer: argument.object }, { answer })
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

/** The sum of two counts. */
export function addCounts(a: UsageCounts, b: UsageCounts): UsageCounts {
  checkArguments('addCounts', { a: argument.object, b: argument.object }, { a, b })
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

/** Counts in the form that records show, with the cost in US dollars. */
export function usageTotals(given: UsageCounts): UsageTotals {
  checkArguments('usageTotals', { given: argument.object }, { given })
  const { costNanoUsd, ...counts } = given
  return { ...counts, costUsd: costNanoUsd / NANO }
}

/** Zero usage, in the form that records show. */
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

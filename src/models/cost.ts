import { argument, checkArguments, optional } from '../core/check-arguments.ts'
import type { ModelFacts, ModelPrices, TokenPrices } from '../core/model-facts.ts'
import type { Usage } from '../core/response.ts'

/** Circumstances of a call that change its price. */
export interface CostOptions {
  /** Day of the call, `2026-12-01`. Default: the newest prices. */
  readonly on?: string | undefined
  /** Whether the call was part of a batch. Default false. */
  readonly batch?: boolean | undefined
  /** The vendor's service tier, such as `flex`. Default: its standard tier. */
  readonly serviceTier?: string | undefined
  /** Time to live of cache writes. Default: the vendor's default. */
  readonly cacheTtl?: '1h' | undefined
  /** Number of web searches that the vendor ran. Default 0. */
  readonly searches?: number | undefined
}

/** Returns the prices that hold on a day, or the newest without one; `undefined` if none is known. */
export function pricesAt(facts: Pick<ModelFacts, 'prices'>, on?: string): ModelPrices | undefined {
  checkArguments('pricesAt', { facts: argument.object, on: optional.text }, { facts, on })
  const { prices = [] } = facts
  checkArguments('pricesAt', { prices: optional.objects }, { prices })
  return prices.findLast(({ from }) => on === undefined || from === undefined || from <= on)
}

/** Returns the cost of a usage in USD. `null` if a price that it needs is not known; never a guess. */
export function tokenCostUsd(
  usage: Usage,
  facts: Pick<ModelFacts, 'prices'> | undefined,
  options: CostOptions = {},
): number | null {
  checkArguments(
    'tokenCostUsd',
    { usage: argument.object, facts: optional.object, options: optional.object },
    { usage, facts, options },
  )
  const prices = facts === undefined ? undefined : pricesAt(facts, options.on)
  if (prices === undefined) return null
  const factor = factorOf(prices, options)
  const tokens = tokenUsd(usage, tierFor(prices, usage.inputTokens), options)
  const { searches = 0 } = options
  const search = searches === 0 ? 0 : prices.perSearch
  if (factor === undefined || tokens === null || search === undefined) return null
  return tokens * factor + search * searches
}

function factorOf({ batchFactor, tierFactors }: ModelPrices, options: CostOptions): number | undefined {
  const tier = options.serviceTier === undefined ? 1 : tierFactors?.[options.serviceTier]
  const batch = options.batch === true ? batchFactor : 1
  return tier === undefined || batch === undefined ? undefined : tier * batch
}

// Prices of a tier that are not given are those of the model.
function tierFor({ tiers = [], ...prices }: ModelPrices, inputTokens: number): TokenPrices {
  return { ...prices, ...tiers.findLast(({ overTokens }) => inputTokens > overTokens) }
}

function tokenUsd(
  usage: Usage,
  prices: TokenPrices,
  { cacheTtl = 'default' }: { cacheTtl?: 'default' | '1h' | undefined },
) {
  const { inputTokens, outputTokens, cachedInputTokens: read = 0, cacheWriteTokens: written = 0 } = usage
  const { reasoningTokens = 0 } = usage
  const reasoned = prices.reasoning === undefined ? 0 : reasoningTokens
  const parts: readonly (readonly [count: number, price: number | undefined])[] = [
    [inputTokens - read - written, prices.input],
    [read, prices.cacheRead],
    [written, prices.cacheWrite?.[cacheTtl]],
    [outputTokens - reasoned, prices.output],
    [reasoned, prices.reasoning],
  ]
  let total = 0
  for (const [count, price] of parts) {
    if (count === 0) continue
    if (price === undefined) return null
    total += count * price
  }
  return total / 1_000_000
}

import type { Usage } from './response.ts'

const NO_USAGE: Usage = Object.freeze({ inputTokens: 0, outputTokens: 0, totalTokens: 0 })

/** The sum of two usages; estimated if one of them is. */
export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    totalTokens: a.totalTokens + b.totalTokens,
    ...optional('cachedInputTokens', a, b),
    ...optional('cacheWriteTokens', a, b),
    ...optional('reasoningTokens', a, b),
    ...(a.estimated === true || b.estimated === true ? { estimated: true } : undefined),
  }
}

type OptionalFigure = 'cachedInputTokens' | 'cacheWriteTokens' | 'reasoningTokens'

function optional(name: OptionalFigure, a: Usage, b: Usage): Partial<Usage> {
  return a[name] === undefined && b[name] === undefined ? {} : { [name]: (a[name] ?? 0) + (b[name] ?? 0) }
}

/** The sum of usages; estimated if one of them is. */
export function sumUsage(usages: readonly Usage[]): Usage {
  const [first = NO_USAGE, ...rest] = usages
  return rest.reduce(addUsage, first)
}

/** The sum of costs in US dollars; `null` if one is unknown or there are none. */
export function sumCosts(costs: readonly (number | null | undefined)[]): number | null {
  let sum = 0
  for (const cost of costs) {
    if (cost === null || cost === undefined) return null
    sum += cost
  }
  return costs.length === 0 ? null : sum
}

import { modelFacts, pricesAt, tokenCostUsd, type ModelPrices } from 'llm-switchyard/models'
import { describe, expect, test } from 'vitest'

const million = 1_000_000
function usage(inputTokens: number, outputTokens: number, more: object = {}) {
  return { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens, ...more }
}
const prices: ModelPrices = {
  input: 2,
  output: 10,
  cacheRead: 0.2,
  cacheWrite: { default: 2.5, '1h': 4 },
  perSearch: 0.01,
  batchFactor: 0.5,
  tierFactors: { flex: 0.5, priority: 1.8 },
}
const facts = { prices: [prices] }

describe('tokenCostUsd', () => {
  test.each([
    ['input and output', usage(million, million), {}, 12],
    ['reads of a cache', usage(million, 0, { cachedInputTokens: million }), {}, 0.2],
    ['writes of a cache', usage(million, 0, { cacheWriteTokens: million }), {}, 2.5],
    ['writes for an hour', usage(million, 0, { cacheWriteTokens: million }), { cacheTtl: '1h' as const }, 4],
    ['a batch', usage(million, million), { batch: true }, 6],
    ['a service tier', usage(million, million), { serviceTier: 'flex' }, 6],
    ['searches', usage(0, 0), { searches: 3 }, 0.03],
    ['nothing', usage(0, 0), {}, 0],
  ])('%s', (_name, used, options, usd) => {
    expect(tokenCostUsd(used, facts, options)).toBeCloseTo(usd, 10)
  })

  test.each([
    ['no facts', usage(1, 1), undefined, {}],
    ['no prices', usage(1, 1), {}, {}],
    ['an unknown price of output', usage(1, 1), { prices: [{ input: 1 }] }, {}],
    [
      'an unknown price of cache reads',
      usage(1, 0, { cachedInputTokens: 1 }),
      { prices: [{ input: 1 }] },
      {},
    ],
    ['an unknown tier', usage(1, 1), facts, { serviceTier: 'scale' }],
    ['an unknown factor of batches', usage(1, 1), { prices: [{ input: 1, output: 1 }] }, { batch: true }],
    ['an unknown price of searches', usage(1, 1), { prices: [{ input: 1, output: 1 }] }, { searches: 1 }],
    [
      'a day before the first prices',
      usage(1, 1),
      { prices: [{ ...prices, from: '2026-12-01' }] },
      { on: '2026-11-30' },
    ],
  ])('%s: null, never a guess', (_name, used, known, options) => {
    expect(tokenCostUsd(used, known, options)).toBeNull()
  })

  test('a price that is not needed may be unknown', () => {
    expect(tokenCostUsd(usage(million, 0), { prices: [{ input: 3 }] })).toBe(3)
  })

  test('a larger request costs by its tier', () => {
    const tiered = { prices: [{ ...prices, tiers: [{ overTokens: 200_000, input: 4, output: 15 }] }] }
    expect(tokenCostUsd(usage(200_000, 0), tiered)).toBeCloseTo(0.4)
    expect(tokenCostUsd(usage(200_001, 0), tiered)).toBeCloseTo(0.800004)
    expect(tokenCostUsd(usage(300_000, 0, { cachedInputTokens: 300_000 }), tiered)).toBeCloseTo(0.06)
  })

  test('the prices of the day count', () => {
    const argon = modelFacts('google', 'gemini-4-argon')
    expect(tokenCostUsd(usage(million, million), argon, { on: '2026-11-30' })).toBe(12)
    expect(tokenCostUsd(usage(million, million), argon, { on: '2026-12-01' })).toBe(24)
    expect(pricesAt(argon ?? {})?.input).toBe(4)
  })

  test('reasoning tokens are part of the output unless they have a price', () => {
    const used = usage(0, million, { reasoningTokens: million / 2 })
    expect(tokenCostUsd(used, facts)).toBe(10)
    expect(tokenCostUsd(used, { prices: [{ ...prices, reasoning: 4 }] })).toBe(7)
  })
})

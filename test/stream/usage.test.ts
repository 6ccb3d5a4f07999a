import { describe, expect, test } from 'vitest'
import { mergeFigures, wholeUsage } from '../../src/core/usage.ts'

describe('usage in several blocks', () => {
  test.each([
    ['zeros', { inputTokens: 0, outputTokens: 0 }, { inputTokens: 30, outputTokens: 5 }],
    ['nothing', {}, { inputTokens: 30, outputTokens: 5 }],
    ['missing figures', { inputTokens: undefined, outputTokens: 9 }, { inputTokens: 30, outputTokens: 9 }],
    ['more', { inputTokens: 31, outputTokens: 9 }, { inputTokens: 31, outputTokens: 9 }],
  ])('%s', (_name, next, expected) => {
    expect(mergeFigures<object>({ inputTokens: 30, outputTokens: 5 }, next)).toEqual(expected)
  })

  test('details are merged field by field', () => {
    const held = { prompt: 3, details: { cached: 2 } }
    expect(mergeFigures<object>(held, { prompt: 0, details: { cached: 0, audio: 1 } })).toEqual({
      prompt: 3,
      details: { cached: 2, audio: 1 },
    })
  })
})

describe('sums hold', () => {
  test.each([
    ['no total', { inputTokens: 3, outputTokens: 4 }, { totalTokens: 7 }],
    ['a total of an earlier block', { inputTokens: 3, outputTokens: 4, totalTokens: 5 }, { totalTokens: 7 }],
    [
      'reasoning apart, by the total',
      { inputTokens: 3, outputTokens: 4, reasoningTokens: 2, totalTokens: 9 },
      { outputTokens: 6, totalTokens: 9 },
    ],
    [
      'more reasoning than output',
      { inputTokens: 3, outputTokens: 1, reasoningTokens: 5 },
      { outputTokens: 6 },
    ],
    [
      'more cached than input',
      { inputTokens: 3, outputTokens: 1, cachedInputTokens: 90 },
      { inputTokens: 93 },
    ],
    [
      'a vendor whose total fits',
      { inputTokens: 9, outputTokens: 52, reasoningTokens: 232, totalTokens: 61 },
      { inputTokens: 9, outputTokens: 52, totalTokens: 61 },
    ],
  ])('%s', (_name, part, expected) => {
    expect(wholeUsage(part)).toMatchObject(expected)
  })

  test('zeros alone are no figures', () => {
    expect(wholeUsage({ inputTokens: 0, outputTokens: 0, totalTokens: 0 })).toBeUndefined()
  })
})

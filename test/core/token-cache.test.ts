import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TokenCache } from '../../src/core/token-cache.ts'
import { estimateTokens, estimateUsage } from '../../src/core/tokens.ts'

describe('remembered token counts', () => {
  test('are those of a fresh count, for every text and however often it is asked for', () => {
    const memo = new TokenCache(16)
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        for (let turn = 0; turn < 3; turn++) expect(memo.count(text)).toBe(estimateTokens(text))
      }),
    )
  })

  test('differ for texts of one length that differ in one character', () => {
    const memo = new TokenCache()
    const text = 'A sentence that is long enough to be remembered, and then some.'
    expect(memo.count(text)).toBe(estimateTokens(text))
    const other = text.replaceAll(/[aeiou]/g, '中')
    expect(memo.count(other)).toBe(estimateTokens(other))
    expect(memo.count(other)).not.toBe(memo.count(text))
  })

  test('make the usage of a call no other', () => {
    const messages = [{ role: 'user' as const, content: 'How many tokens does this sentence have, about?' }]
    expect(estimateUsage(messages, 'Ten.', new TokenCache().count)).toEqual(estimateUsage(messages, 'Ten.'))
  })
})

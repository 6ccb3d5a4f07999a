import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TokenCache } from '../../src/core/token-cache.ts'
import { estimateCall, estimateTokens, estimateUsage } from '../../src/core/tokens.ts'

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

describe('the estimate of a call', () => {
  const messages = [{ role: 'user' as const, content: 'What stands on track 9?' }]
  const input = (call: Parameters<typeof estimateCall>[0]): number => estimateCall(call, '').inputTokens
  const parameters = { type: 'object', properties: { track: { type: 'number', description: 'The number.' } } }
  const tool = { name: 'look', description: 'Looks at a track.', parameters }

  test('counts the tools that it offers', () => {
    const bare = input({ messages, settings: {} })
    const one = input({ messages, settings: { tools: [tool] } })
    expect(bare).toBe(estimateUsage(messages, '').inputTokens)
    expect(one - bare).toBeGreaterThan(20)
    expect(input({ messages, settings: { tools: [tool, tool, tool] } }) - bare).toBeGreaterThan(
      2.5 * (one - bare),
    )
  })

  test('counts a schema that is no JSON by the name and description of its tool', () => {
    const loop: Record<string, unknown> = { '~standard': { version: 1 } }
    loop['self'] = loop
    const [bare, described] = [[], [{ ...tool, parameters: loop }]].map((tools) =>
      input({ messages, settings: { tools } }),
    )
    expect(described).toBeGreaterThan(bare ?? Infinity)
  })

  test('counts the tool calls of its history', () => {
    const call = {
      type: 'tool-call' as const,
      id: 'c',
      name: 'look',
      arguments: { track: 9, words: 'all of them' },
    }
    const history = [...messages, { role: 'assistant' as const, content: [call] }]
    const empty = [...messages, { role: 'assistant' as const, content: '' }]
    expect(input({ messages: history, settings: {} })).toBeGreaterThan(
      input({ messages: empty, settings: {} }) + 5,
    )
  })
})

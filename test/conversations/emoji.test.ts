import { describe, expect, test } from 'vitest'
import { readEmoji } from '../../src/conversations/service/emoji.ts'

describe('one emoji', () => {
  test.each(['👍', '👍🏽', '👨‍👩‍👧‍👦', '🏳️‍🌈', '🇳🇴', '1️⃣', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '🫩', '©️'])('%s is one', (emoji) => {
    expect(readEmoji(emoji)).toBe(emoji)
  })

  test.each([
    ['❤', '❤️'],
    ['🏳‍🌈', '🏳️‍🌈'],
    ['1⃣', '1️⃣'],
    [' 👍 ', '👍'],
  ])('%s is kept in its full form', (given, kept) => {
    expect(readEmoji(given)).toBe(kept)
  })

  test.each(['', 'a', '1', '👍👍', '🇳', '+1', `👍${'\u0301'.repeat(100)}`, 7, undefined])(
    '%j is none',
    (given) => {
      expect(() => readEmoji(given)).toThrow(expect.objectContaining({ kind: 'invalid-request' }))
    },
  )
})

import { describe, expect, test } from 'vitest'
import {
  createChatDictionary,
  createDictionaryLibrary,
  createMemoryDictionaryStore,
  parseExampleDialogue,
} from 'llm-switchyard/prompts'

const LENGTH = 200_000
const hostile: readonly (readonly [string, string])[] = [
  ['(a+)+$', 'a'.repeat(LENGTH - 1) + 'b'],
  ['(a|aa)+$', 'a'.repeat(LENGTH - 1) + 'b'],
  ['(a|a?)+b', 'a'.repeat(LENGTH)],
  ['a*a*a*a*a*a*b', 'a'.repeat(LENGTH)],
  ['(.*)*x', 'y'.repeat(LENGTH)],
  ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'.repeat(LENGTH)],
  ['(x+x+)+y', 'x'.repeat(LENGTH)],
  ['\\s+$', ' '.repeat(LENGTH - 1) + 'x'],
  ['(?:a{0,9}){0,9}b', 'a'.repeat(LENGTH)],
  ['[^]*[^]*[^]*q', 'p'.repeat(LENGTH)],
]

/** CPU time of this thread, which a busy machine does not stretch. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

/** Returns the longest time for which the event loop was blocked while `work` ran. */
async function longestBlock(work: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let last = cpuMs()
  const look = (): void => {
    const now = cpuMs()
    longest = Math.max(longest, now - last)
    last = now
  }
  const ticker = setInterval(look, 1)
  try {
    await work()
    look()
  } finally {
    clearInterval(ticker)
  }
  return longest
}

describe('200 000 characters never block others for 50 ms', () => {
  test.each(hostile)('in a chat dictionary: %s', async (pattern, text) => {
    const dictionary = createChatDictionary({
      entries: [{ key: `/${pattern}/`, content: 'X' }],
      maxReplacements: 2,
    })
    expect(await longestBlock(() => dictionary.apply(text))).toBeLessThan(50)
  })

  test.each(hostile)('in a stored dictionary: %s', async (pattern, text) => {
    const library = createDictionaryLibrary({ store: createMemoryDictionaryStore() })
    await library.create({ name: 'D', entries: [{ type: 'regex', pattern, replacement: 'X' }] })
    const run = () => library.process(text, { maxTokens: 10_000_000 })
    expect(await longestBlock(run)).toBeLessThan(50)
  })

  test('hundreds of long literals that almost match', async () => {
    const entries = Array.from({ length: 200 }, (_, at) => ({
      key: `${'a'.repeat(1_000 + at)}b`,
      content: 'X',
    }))
    const dictionary = createChatDictionary({ entries })
    expect(await longestBlock(() => dictionary.apply('a'.repeat(LENGTH)))).toBeLessThan(50)
  })

  test('a key at every place', async () => {
    const dictionary = createChatDictionary({
      entries: [
        { key: 'a', content: 'b' },
        { key: '/[bc]? /', content: '-' },
      ],
    })
    const text = 'a '.repeat(LENGTH / 2)
    expect(await longestBlock(() => dictionary.apply(text))).toBeLessThan(50)
    expect((await dictionary.apply(text)).count).toBe(LENGTH)
  })

  test('thousands of patterns at once', async () => {
    const patterns = Array.from({ length: 5_000 }, (_, at) => `(?:[a-z]|[0-9]){1,${(at % 9) + 1}}${at}`)
    const library = createDictionaryLibrary({ store: createMemoryDictionaryStore() })
    const entries = patterns.map((pattern) => ({ type: 'regex' as const, pattern, replacement: 'X' }))
    const work = async () => {
      const { id } = await library.create({ name: 'D', entries })
      await library.process('a text with few of them')
      await library.delete(id)
    }
    expect(await longestBlock(work)).toBeLessThan(50)
  })

  test('example dialogue', async () => {
    for (const text of [
      ' '.repeat(LENGTH),
      '<START>\n'.repeat(LENGTH / 8),
      `${' '.repeat(99)}\n`.repeat(2_000),
      '{{user}}:\n'.repeat(LENGTH / 10),
    ])
      expect(await longestBlock(async () => parseExampleDialogue(text))).toBeLessThan(50)
  })
})

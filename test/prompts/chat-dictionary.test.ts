import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LlmError } from 'llm-switchyard'
import {
  createChatDictionary,
  createRandom,
  formatDictionaryText,
  parseDictionaryText,
  type ChatDictionaryOptions,
  type ChatEntry,
} from 'llm-switchyard/prompts'
import { createFakeClock } from 'llm-switchyard/testing'
import { cpuStopwatch } from '../proof.ts'

const apply = async (text: string, entries: ChatEntry[], options: Partial<ChatDictionaryOptions> = {}) =>
  (await createChatDictionary({ entries, ...options }).apply(text)).text

describe('matching', () => {
  test.each<[string, string, string, string]>([
    ['a whole word', 'cat', 'The cat sat on the catalogue, cat!', 'The X sat on the catalogue, X!'],
    ['in any case', 'CAT', 'Cat cAt', 'X X'],
    ['at both ends', 'cat', 'cat', 'X'],
    ['not inside words of any script', 'кот', 'кот скот кот1 кот_', 'X скот кот1 кот_'],
    ['a combining mark belongs to its word', 'cafe', 'cafe\u0301 cafe', 'cafe\u0301 X'],
    ['a word beyond the basic plane', '𝒳y', '𝒳y a𝒳y 𝒳𝒳y', 'X a𝒳y 𝒳𝒳y'],
    ['a key that ends in signs', 'C++', 'C++ is C++17, not AC++', 'X is X17, not AC++'],
    ['several words', 'New York', 'new york New  York', 'X New  York'],
    ['letters that grow when they shrink', 'İstanbul', 'İstanbul i̇stanbul', 'X i̇stanbul'],
    ['both small sigmas', 'ΟΔΟΣ', 'οδος οδοσ', 'X X'],
    ['signs mean themselves', 'a.c', 'a.c abc', 'X abc'],
    ['a regular expression in slashes', '/c[aou]t/', 'Cat cot concut', 'X X conX'],
    ['always in any case', '/ab/', 'AB', 'X'],
    ['with more flags', '/a . b # comment/sx', 'a\nb', 'X'],
    ['anchors', '/^a/m', 'a\na', 'X\nX'],
    ['with colons and slashes', '/https?:\\/\\/x/', 'see http://x', 'see X'],
    ['one slash makes none', '/etc', 'in /etc now', 'in X now'],
    ['overlapping places count once', 'a a', 'a a a a a', 'X X a'],
    ['an empty match is none', '/z*/', 'abc', 'abc'],
  ])('%s', async (_what, key, text, expected) => {
    expect(await apply(text, [{ key, content: 'X' }])).toBe(expected)
  })

  test.each(['$& $1 $$', '\\d \\1', '{{char}}', ''])('content is taken as it is: %j', async (content) => {
    expect(await apply('a cat', [{ key: 'cat', content }])).toBe(`a ${content}`)
    expect(await apply('a cat', [{ key: '/(cat)/', content }])).toBe(`a ${content}`)
  })

  test('a text without a match is the same, whatever it is', () =>
    fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (text) => {
        const dictionary = createChatDictionary({ entries: [{ key: 'qqqqq', content: 'X' }] })
        return (await dictionary.apply(text)).text === text
      }),
    ))

  test('finds what a regular expression finds', () =>
    fc.assert(
      fc.asyncProperty(
        fc.stringMatching(/^[ab ]{1,4}$/),
        fc.stringMatching(/^[abAB _]{0,30}$/),
        async (key, text) => {
          fc.pre(key.trim() !== '')
          const [first, last] = [key.startsWith(' ') ? '' : '(?<!\\w)', key.endsWith(' ') ? '' : '(?!\\w)']
          const expected = text.replaceAll(new RegExp(`${first}${key}${last}`, 'gi'), 'X')
          return (await apply(text, [{ key, content: 'X' }])) === expected
        },
      ),
    ))
})

describe('groups, draws, budget, order, passes', () => {
  test('of a named group the longest matching key counts; without a group all do', async () => {
    const entries = [
      { key: 'cat', content: 'C', group: 'animals' },
      { key: 'big cat', content: 'B', group: 'animals' },
      { key: 'very big cat', content: 'V', group: 'animals' },
      { key: 'sat', content: 'S' },
      { key: 'mat', content: 'M', group: '' },
    ]
    expect(await apply('a big cat sat on a mat near a cat', entries)).toBe('a B S on a M near a cat')
  })

  test.each<[number, number, string]>([
    [0, 0, 'cat'],
    [100, 0.9999, 'X'],
    [50, 0.49, 'X'],
    [50, 0.5, 'cat'],
    [1, 0.0099, 'X'],
    [1, 0.01, 'cat'],
  ])('%d percent with a draw of %d', async (probability, draw, expected) => {
    expect(await apply('cat', [{ key: 'cat', content: 'X', probability }], { random: () => draw })).toBe(
      expected,
    )
  })

  test('draws are the same for the same seed', async () => {
    const run = async (seed: number) => {
      const dictionary = createChatDictionary({
        entries: [{ key: 'a', content: 'x', probability: 30 }],
        random: createRandom(seed),
      })
      let hits = 0
      for (let turn = 0; turn < 1_000; turn++) hits += (await dictionary.apply('a')).count
      return hits
    }
    expect(await run(5)).toBe(await run(5))
    expect(await run(5)).toBeGreaterThan(250)
    expect(await run(5)).toBeLessThan(350)
  })

  const budgeted = [
    { key: 'b', content: 'one two' },
    { key: 'a', content: 'three four' },
    { key: 'c', content: 'five' },
  ]
  test.each<[number, string]>([
    [500, 'three four one two five'],
    [5, 'three four one two five'],
    [4, 'three four one two c'],
    // The first that does not fit ends it: "c" would have fitted.
    [3, 'three four b c'],
    [1, 'a b c'],
    [0, 'a b c'],
  ])('a budget of %d words, counted after sorting', async (maxWords, expected) => {
    const dictionary = createChatDictionary({ entries: budgeted, maxWords })
    const { text, warnings } = await dictionary.apply('a b c')
    expect(text).toBe(expected)
    expect(warnings).toHaveLength(maxWords < 5 ? 1 : 0)
    expect(dictionary.stats().overBudget).toBe(maxWords < 5 ? 1 : 0)
  })

  const lore: ChatEntry[] = [
    { key: 'a', content: '1', lore: 'global' },
    { key: 'b', content: '2' },
    { key: 'c', content: '3', group: 'character' },
    { key: 'd', content: '4', lore: 'character' },
    { key: 'e', content: '5', group: 'global' },
  ]
  test.each([
    ['sorted-evenly', ['a', 'b', 'c', 'd', 'e']],
    ['character-lore-first', ['c', 'd', 'a', 'e', 'b']],
    ['global-lore-first', ['a', 'e', 'c', 'd', 'b']],
  ] as const)('in the order of %s', async (strategy, keys) => {
    const dictionary = createChatDictionary({ entries: lore, strategy })
    expect((await dictionary.apply('e d c b a')).keys).toEqual(keys)
  })

  test('passes replace all places each, as long as there are any', async () => {
    const entries = [{ key: 'a', content: 'a a' }]
    expect(await apply('a', entries)).toBe('a a')
    expect(await apply('a', entries, { maxReplacements: 3 })).toBe('a a a a a a a a')
    expect(await apply('a', [{ key: 'a', content: 'a a', maxReplacements: 2 }])).toBe('a a a a')
    expect(await apply('a', entries, { maxReplacements: 0 })).toBe('a')
    expect(
      await apply('a b', [
        { key: 'a', content: 'b' },
        { key: 'b', content: 'c' },
      ]),
    ).toBe('c c')
  })

  test('passes end where nothing changes any more', async () => {
    const random = () => 0
    for (const content of ['cat', 'Cat', 'a cat'])
      expect(
        (await apply('cat', [{ key: 'cat', content, maxReplacements: Infinity }], { random })).length,
      ).toBeLessThan(300)
  })

  test('a text does not grow without end', async () => {
    const dictionary = createChatDictionary({
      entries: [{ key: 'a', content: 'a a' }],
      maxReplacements: 1_000,
      maxChars: 1_000,
    })
    const { text, warnings } = await dictionary.apply('a')
    expect(text.length).toBeLessThanOrEqual(1_000)
    expect(text.length).toBeGreaterThan(400)
    expect(warnings).toHaveLength(1)
  })
})

describe('in time', () => {
  const timed = (entry: Partial<ChatEntry>, options: Partial<ChatDictionaryOptions> = {}) => {
    const clock = createFakeClock()
    const dictionary = createChatDictionary({
      entries: [{ key: 'a', content: 'X', ...entry }],
      clock,
      ...options,
    })
    return async (waitMs: number, text = 'a') => {
      clock.advance(waitMs)
      return (await dictionary.apply(text)).text
    }
  }

  test.each(['cooldownMs', 'delayMs'] as const)('%s: rests for so long after a trigger', async (field) => {
    const after = timed({ [field]: 10_000 })
    expect([
      await after(0),
      await after(9_999),
      await after(1),
      await after(5_000),
      await after(5_000),
    ]).toEqual(['X', 'a', 'X', 'a', 'X'])
  })

  test('of both the longer one holds', async () => {
    const after = timed({ cooldownMs: 2_000, delayMs: 5_000 })
    expect([await after(0), await after(3_000), await after(2_000)]).toEqual(['X', 'a', 'X'])
  })

  // In the original this did nothing.
  test('sticky: no draw, no rest, first in its group, for so long after a trigger', async () => {
    const draws = [0, 0.99, 0.99, 0.99]
    const after = timed(
      { stickyMs: 10_000, cooldownMs: 60_000, probability: 50 },
      { random: () => draws.shift() ?? 0.99 },
    )
    expect(await after(0)).toBe('X')
    expect(await after(5_000)).toBe('X')
    // Counted from the trigger, not from the last use.
    expect(await after(4_999)).toBe('X')
    expect(await after(1)).toBe('a')
    expect(draws).toHaveLength(2)

    const clock = createFakeClock()
    const dictionary = createChatDictionary({
      clock,
      entries: [
        { key: 'a', content: 'X', group: 'g', stickyMs: 10 },
        { key: 'long', content: 'Y', group: 'g' },
      ],
    })
    expect((await dictionary.apply('a')).text).toBe('X')
    expect((await dictionary.apply('a long')).text).toBe('X long')
    clock.advance(10)
    expect((await dictionary.apply('a long')).text).toBe('a Y')
  })

  test('the trigger counts though the budget leaves the entry out', async () => {
    const after = timed({ cooldownMs: 1_000, content: 'too long' }, { maxWords: 1 })
    expect([await after(0), await after(500)]).toEqual(['a', 'a'])
    const clock = createFakeClock()
    const dictionary = createChatDictionary({
      clock,
      maxWords: 1,
      entries: [{ key: 'a', content: 'too long', cooldownMs: 1_000 }],
    })
    await dictionary.apply('a')
    await dictionary.apply('a')
    expect(dictionary.stats().overBudget).toBe(1)
  })

  test('one that does not match is not triggered', async () => {
    const after = timed({ cooldownMs: 1_000 })
    expect([await after(0, 'b'), await after(1)]).toEqual(['b', 'X'])
  })
})

describe('what fails', () => {
  test('leaves the text as it was, and is counted', async () => {
    let broken = true
    const random = () => {
      if (broken) throw new Error('no numbers')
      return 0
    }
    const dictionary = createChatDictionary({
      entries: [{ key: 'a', content: 'X', probability: 50 }],
      random,
    })
    expect(await dictionary.apply('a b')).toEqual({
      text: 'a b',
      count: 0,
      keys: [],
      warnings: [{ type: 'other', message: 'The text is unchanged, because replacing failed: no numbers' }],
    })
    broken = false
    expect((await dictionary.apply('a b')).text).toBe('X b')
    expect(dictionary.stats()).toEqual({ texts: 2, replacements: 1, overBudget: 0, failures: 1 })
  })

  test.each(['maxWords', 'maxReplacements', 'maxChars'])('an invalid option is refused: %s', (name) => {
    for (const value of [-1, Number.NaN])
      expect(() => createChatDictionary({ entries: [], [name]: value })).toThrow(
        expect.objectContaining({ kind: 'misconfigured' }),
      )
  })

  test('invalid entries are refused with all their issues', () => {
    const entries = [
      { key: ' ', content: 'x' },
      { key: 'fine', content: 'x' },
      { key: '/(/', content: 'x' },
      { key: 'a', content: 'x', probability: 101, cooldownMs: -1 },
      { key: '/(a)\\1/', content: 'x' },
      { key: 'a' } as ChatEntry,
    ]
    const make = () => createChatDictionary({ entries })
    expect(make).toThrow(LlmError)
    try {
      make()
    } catch (error) {
      expect((error as LlmError).issues?.map(({ path }) => path)).toEqual([
        'entries.0.key',
        'entries.2.key',
        'entries.3.probability',
        'entries.3.cooldownMs',
        'entries.4.key',
        'entries.5.content',
      ])
    }
  })
})

describe('dictionary files', () => {
  test('lines, blocks, and a block line with a colon', () => {
    const file = [
      '\uFEFFcat: feline',
      '',
      '  dog :  canine  ',
      'note: |',
      'first: line',
      '',
      '  indented |',
      'key: |',
      '---@@@---',
      '/a:b\\/c/i: regex',
      '/etc/passwd: literal',
      'url: http://example.org',
      'no colon here',
      ': no key',
      'empty:',
      'last: |',
      'goes on',
    ].join('\r\n')
    const { entries, issues } = parseDictionaryText(file)
    expect(entries).toEqual([
      { key: 'cat', content: 'feline' },
      { key: 'dog', content: 'canine' },
      // In the original a line with a colon inside a block began a new entry.
      { key: 'note', content: 'first: line\n\n  indented |\nkey: |' },
      { key: '/a:b\\/c/i', content: 'regex' },
      { key: '/etc/passwd', content: 'literal' },
      { key: 'url', content: 'http://example.org' },
      { key: 'empty', content: '' },
      { key: 'last', content: 'goes on' },
    ])
    expect(issues.map(({ path }) => path)).toEqual(['line 13', 'line 14', 'line 16'])
  })

  test('written files are read back unchanged, and entries that cannot be written are reported', () => {
    const key = fc.string().filter((text) => text.trim() === text && text !== '')
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            key,
            content: fc.string({ unit: fc.constantFrom('a', ' ', ':', '\n', '|', '-', '\r') }),
          }),
        ),
        (entries) => {
          const { text, issues } = formatDictionaryText(entries)
          const left = new Set(issues.map(({ path }) => Number(path.split('.')[1])))
          expect(parseDictionaryText(text).entries).toEqual(entries.filter((_entry, at) => !left.has(at)))
        },
      ),
    )
    expect(formatDictionaryText([{ key: 'a', content: 'x\n---@@@---\ny' }]).issues).toHaveLength(1)
    expect(formatDictionaryText([{ key: 'a', content: 'x\ny: z' }])).toEqual({
      text: 'a: |\nx\ny: z\n---@@@---\n',
      issues: [],
    })
  })

  test('a hundred thousand blocks are read', () => {
    const took = cpuStopwatch()
    expect(parseDictionaryText('k: |\nv\n---@@@---\n'.repeat(100_000)).entries).toHaveLength(100_000)
    took.atMost(2_000)
  })
})

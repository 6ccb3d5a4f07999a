import { describe, expect, test } from 'vitest'
import { LlmError } from 'llm-switchyard'
import {
  createDictionaryLibrary,
  createMemoryDictionaryStore,
  createRandom,
  type Dictionary,
  type DictionaryEntryInput,
  type DictionaryLibrary,
  type DictionaryLibraryOptions,
  type ProcessOptions,
} from 'llm-switchyard/prompts'
import { createFakeClock } from 'llm-switchyard/testing'

const libraryWith = (options: Partial<DictionaryLibraryOptions> = {}): DictionaryLibrary =>
  createDictionaryLibrary({ store: createMemoryDictionaryStore(), clock: createFakeClock(), ...options })

async function processed(text: string, entries: DictionaryEntryInput[], options: ProcessOptions = {}) {
  const library = libraryWith()
  const { entries: made } = await library.create({ name: 'D', entries })
  const result = await library.process(text, options)
  return { ...result, used: result.entryIds.map((id) => made.findIndex((entry) => entry.id === id)) }
}

const content = ({ name, description, active, entries }: Dictionary) => ({
  name,
  description,
  active,
  entries: entries.map(({ id: _id, ...rest }) => rest),
})

describe('processing', () => {
  test.each<[string, DictionaryEntryInput, string, string]>([
    [
      'a literal, anywhere, in its case',
      { pattern: 'cat', replacement: 'X' },
      'cat Cat concat',
      'X Cat conX',
    ],
    // The original looked for it in its case first, and never found these.
    [
      'a literal in any case',
      { pattern: 'CAT', replacement: 'X', caseSensitive: false },
      'cat Cat CAT',
      'X X X',
    ],
    ['a whole word', { pattern: 'cat', replacement: 'X', wholeWord: true }, 'cat concat', 'X concat'],
    [
      'a regular expression in its case',
      { type: 'regex', pattern: 'c.t', replacement: 'X' },
      'cat Cot',
      'X Cot',
    ],
    ['with i', { type: 'regex', pattern: 'c.t', flags: 'i', replacement: 'X' }, 'cat Cot', 'X X'],
    [
      'not case-sensitive',
      { type: 'regex', pattern: 'c.t', caseSensitive: false, replacement: 'X' },
      'cat Cot',
      'X X',
    ],
    ['with m', { type: 'regex', pattern: '^a', flags: 'm', replacement: 'X' }, 'a\na', 'X\nX'],
    ['with s', { type: 'regex', pattern: 'a.b', flags: 's', replacement: 'X' }, 'a\nb', 'X'],
    [
      'with x',
      { type: 'regex', pattern: ' a [ #] \\# b # c', flags: 'x', replacement: 'X' },
      'a ##b a##b',
      'a ##b X'.replace('a ##b', 'a ##b'),
    ],
    ['at most two places', { pattern: 'a', replacement: 'X', maxReplacements: 2 }, 'a a a', 'X X a'],
    ['switched off', { pattern: 'a', replacement: 'X', enabled: false }, 'a', 'a'],
    [
      'nothing in a replacement is expanded',
      { type: 'regex', pattern: '(a)', replacement: '$1$&\\1' },
      'a',
      '$1$&\\1',
    ],
  ])('%s', async (_what, entry, text, expected) => {
    const { text: result } = await processed(text, [entry], { maxPasses: 1 })
    expect(result).toBe(expected)
  })

  test('passes go on until nothing changes, at most five, or as many as are asked for', async () => {
    const chain = ['e>f', 'd>e', 'c>d', 'b>c', 'a>b'].map((pair) => ({
      pattern: pair.charAt(0),
      replacement: pair.charAt(2),
    }))
    expect(await processed('a', chain)).toMatchObject({
      text: 'f',
      count: 5,
      passes: 5,
      used: [4, 3, 2, 1, 0],
    })
    expect(await processed('a', chain, { maxPasses: 2 })).toMatchObject({ text: 'c', count: 2, passes: 2 })
    expect(await processed('a', chain, { maxPasses: 99 })).toMatchObject({ text: 'f', passes: 6 })
    expect(await processed('z', chain)).toMatchObject({ text: 'z', count: 0, passes: 1, used: [] })
    const swing = [
      { pattern: 'a', replacement: 'b' },
      { pattern: 'b', replacement: 'a' },
    ]
    expect(await processed('a', swing, { maxPasses: 1_000 })).toMatchObject({ passes: 1 })
    const grow = [{ pattern: 'a', replacement: 'aa' }]
    expect((await processed('a', grow, { maxPasses: 1_000 })).passes).toBe(20)
    expect((await processed('a', grow, { maxPasses: -3 })).passes).toBe(1)
  })

  test('most replacements count over all passes', async () => {
    const grow = [{ pattern: 'a', replacement: 'aa', maxReplacements: 3 }]
    expect(await processed('a', grow)).toMatchObject({ text: 'aaaa', count: 3 })
  })

  test('the token budget stops after the replacement that exceeds it', async () => {
    const words = 'one two three four five six seven eight nine ten '
    const entries = [
      { pattern: 'A', replacement: words },
      { pattern: 'B', replacement: words },
      { pattern: 'C', replacement: 'c' },
    ]
    const result = await processed('A B C', entries, { maxTokens: 15 })
    expect(result).toMatchObject({ text: `${words} ${words} C`, exceeded: true, used: [0, 1] })
    expect(await processed('A B C', entries, { maxTokens: 100 })).toMatchObject({
      exceeded: false,
      used: [0, 1, 2],
    })
  })

  test('a text does not grow without end', async () => {
    const bomb = [{ pattern: 'a', replacement: 'a'.repeat(100) }]
    const { text, warnings } = await processed('a', bomb, { maxPasses: 20 })
    expect(text.length).toBeLessThanOrEqual(1_000_000)
    expect(warnings).toHaveLength(1)
  })

  test('groups, draws, and effects in time', async () => {
    const clock = createFakeClock()
    const library = libraryWith({ clock, random: createRandom(3) })
    await library.create({
      name: 'D',
      entries: [
        { pattern: 'cat', replacement: 'C', group: 'g' },
        { pattern: 'big cat', replacement: 'B', group: 'g' },
        { pattern: 'dog', replacement: 'D', cooldownMs: 1_000 },
        { pattern: 'owl', replacement: 'O', probability: 0 },
        { pattern: 'elk', replacement: 'E', stickyMs: 500, cooldownMs: 1_000 },
      ],
    })
    const text = 'a big cat, a dog, an owl, an elk'
    const run = async () => (await library.process(text, { maxPasses: 1 })).text
    expect(await run()).toBe('a B, a D, an owl, an E')
    expect(await run()).toBe('a B, a dog, an owl, an E')
    clock.advance(999)
    expect(await run()).toBe('a B, a dog, an owl, an elk')
    clock.advance(1)
    expect(await run()).toBe('a B, a D, an owl, an E')
  })

  test('active dictionaries by name, or those that are named in their order', async () => {
    const library = libraryWith()
    await library.create({ name: 'one', entries: [{ pattern: 'x', replacement: 'y' }] })
    await library.create({ name: 'two', entries: [{ pattern: 'y', replacement: 'z' }] })
    await library.create({ name: 'off', active: false, entries: [{ pattern: 'z', replacement: '!' }] })
    expect((await library.process('x')).text).toBe('z')
    expect((await library.process('x', { dictionaries: ['one', 'off'] })).text).toBe('y')
    expect((await library.process('x', { dictionaries: [] })).text).toBe('x')
    await expect(library.process('x', { dictionaries: ['none'] })).rejects.toMatchObject({
      kind: 'not-found',
    })
    await library.toggle('off')
    expect((await library.process('x')).text).toBe('!')
  })
})

describe('what is stored', () => {
  test('create, read, change, toggle, clone, delete', async () => {
    const clock = createFakeClock({ epochMs: 1_000 })
    const library = libraryWith({ clock })
    const made = await library.create({
      name: ' Terms ',
      description: 'd',
      entries: [{ pattern: 'a', replacement: 'b' }],
    })
    expect(made).toMatchObject({
      name: 'Terms',
      description: 'd',
      active: true,
      version: 1,
      createdAt: 1_000,
      updatedAt: 1_000,
    })
    expect(await library.get('Terms')).toEqual(made)
    clock.advance(5)
    expect(await library.update(made.id, { description: 'e', name: undefined })).toMatchObject({
      name: 'Terms',
      description: 'e',
      version: 2,
      updatedAt: 1_005,
      createdAt: 1_000,
    })
    expect((await library.toggle('Terms')).active).toBe(false)
    expect((await library.toggle('Terms', false)).active).toBe(false)
    const copy = await library.clone('Terms', 'Copy')
    expect(content(copy)).toEqual({ ...content(await library.get('Terms')), name: 'Copy' })
    expect(copy.entries[0]?.id).not.toBe(made.entries[0]?.id)
    expect((await library.list()).map(({ name }) => name)).toEqual(['Copy', 'Terms'])
    expect(await library.list({ active: true })).toEqual([])
    await library.delete('Copy')
    await expect(library.get('Copy')).rejects.toMatchObject({ kind: 'not-found' })
    await expect(library.delete('Copy')).rejects.toMatchObject({ kind: 'not-found' })
  })

  test('entries in one step, all or nothing', async () => {
    const library = libraryWith()
    const { id, entries } = await library.create({
      name: 'D',
      entries: ['a', 'b', 'c'].map((pattern) => ({ pattern, replacement: pattern })),
    })
    const [a = '', b = '', c = ''] = entries.map((entry) => entry.id)
    const changed = await library.change(id, {
      add: [{ pattern: 'd', replacement: 'd' }],
      update: { [a]: { replacement: 'A', probability: 0.5 } },
      disable: [b],
      remove: [c],
    })
    expect(
      changed.entries.map(({ pattern, replacement, enabled, probability }) => [
        pattern,
        replacement,
        enabled,
        probability,
      ]),
    ).toEqual([
      ['a', 'A', true, 0.5],
      ['b', 'b', false, 1],
      ['d', 'd', true, 1],
    ])
    expect(changed.entries[0]?.id).toBe(a)
    for (const bad of [{ remove: [b, 'nobody'] }, { enable: ['__proto__'] }])
      await expect(library.change(id, bad)).rejects.toMatchObject({ kind: 'not-found' })
    await expect(
      library.change(id, { remove: [b], add: [{ type: 'regex', pattern: '(', replacement: '' }] }),
    ).rejects.toMatchObject({
      kind: 'invalid-request',
      issues: [{ path: 'entries.0.pattern' }],
    })
    expect(await library.get(id)).toEqual(changed)
  })

  test('versions: a change of what was not seen is refused, one without a version is made again', async () => {
    const library = libraryWith()
    const { id } = await library.create({ name: 'D' })
    await library.update(id, { description: 'x' }, 1)
    await expect(library.update(id, { description: 'y' }, 1)).rejects.toMatchObject({ kind: 'conflict' })
    await expect(library.delete(id, 1)).rejects.toMatchObject({ kind: 'conflict' })
    const add = (n: number) => library.change(id, { add: [{ pattern: `p${n}`, replacement: '' }] })
    await Promise.all([1, 2, 3, 4, 5].map(add))
    expect((await library.get(id)).entries).toHaveLength(5)
  })

  test('names are unique', async () => {
    const library = libraryWith()
    await library.create({ name: 'D' })
    const { id } = await library.create({ name: 'E' })
    await expect(library.create({ name: 'D' })).rejects.toMatchObject({ kind: 'conflict' })
    await expect(library.update(id, { name: 'D' })).rejects.toMatchObject({ kind: 'conflict' })
    await expect(library.clone(id, 'D')).rejects.toMatchObject({ kind: 'conflict' })
  })

  test.each<[string, unknown, string[]]>([
    ['a name', { name: '' }, ['name']],
    ['a long name', { name: 'n'.repeat(101) }, ['name']],
    ['a long description', { name: 'n', description: 'd'.repeat(501) }, ['description']],
    ['an entry without a pattern', { name: 'n', entries: [{ replacement: '' }] }, ['entries.0.pattern']],
    ['an empty pattern', { name: 'n', entries: [{ pattern: '', replacement: '' }] }, ['entries.0.pattern']],
    [
      'an unknown flag',
      { name: 'n', entries: [{ type: 'regex', pattern: 'a', flags: 'g', replacement: '' }] },
      ['entries.0.pattern'],
    ],
    [
      'a pattern above 2 000',
      { name: 'n', entries: [{ type: 'regex', pattern: 'a'.repeat(2_001), replacement: '' }] },
      ['entries.0.pattern'],
    ],
    [
      'all of them',
      {
        name: 'n',
        entries: [
          { pattern: 'a', replacement: 1, probability: 2 },
          'x',
          { pattern: 'b', replacement: '', type: 'glob', enabled: 'yes' },
        ],
      },
      ['entries.0.replacement', 'entries.0.probability', 'entries.1', 'entries.2.type', 'entries.2.enabled'],
    ],
    [
      '10 001 entries',
      { name: 'n', entries: Array.from({ length: 10_001 }, () => ({ pattern: 'a', replacement: '' })) },
      ['entries'],
    ],
  ])('is checked: %s', async (_what, input, paths) => {
    const error = await libraryWith()
      .create(input as Parameters<DictionaryLibrary['create']>[0])
      .catch((reason: unknown) => reason)
    expect(LlmError.is(error, 'invalid-request') && error.issues?.map(({ path }) => path)).toEqual(paths)
  })

  test('searches patterns, replacements and groups', async () => {
    const library = libraryWith()
    await library.create({
      name: 'one',
      entries: [
        { pattern: 'Cat', replacement: 'x' },
        { pattern: 'dog', replacement: 'CATS' },
      ],
    })
    await library.create({
      name: 'two',
      entries: [
        { pattern: 'a', replacement: 'b', group: 'cats' },
        { pattern: 'z', replacement: 'z' },
      ],
    })
    expect((await library.search('cat')).map(({ dictionary, entry }) => [dictionary, entry.pattern])).toEqual(
      [
        ['one', 'Cat'],
        ['one', 'dog'],
        ['two', 'a'],
      ],
    )
    expect(await library.search('cat', { limit: 1 })).toHaveLength(1)
  })

  test('statistics', async () => {
    const clock = createFakeClock({ epochMs: 5_000 })
    const library = libraryWith({ clock })
    const { entries } = await library.create({
      name: 'D',
      entries: [
        { pattern: 'a', replacement: 'x', group: 'g' },
        { type: 'regex', pattern: 'b+', replacement: 'y', group: 'g' },
        { pattern: 'c', replacement: 'z', enabled: false },
      ],
    })
    const [, b = ''] = entries.map(({ id }) => id)
    expect(await library.statistics('D')).toEqual({
      entries: 3,
      enabled: 2,
      literal: 2,
      regex: 1,
      groups: 1,
      replacements: 0,
      lastUsedAt: undefined,
      usage: [],
    })
    await Promise.all([library.process('bb b a'), library.process('b c')])
    const after = await library.statistics('D')
    expect(after).toMatchObject({
      replacements: 3,
      lastUsedAt: 5_000,
      usage: [{ entryId: b, count: 3, lastUsedAt: 5_000 }],
    })
    await library.change('D', { remove: [b] })
    expect(await library.statistics('D')).toMatchObject({ replacements: 0, usage: [] })
  })

  test('a text is not lost where uses cannot be counted', async () => {
    const memory = createMemoryDictionaryStore()
    const library = libraryWith({ store: { ...memory, addUses: () => Promise.reject(new Error('down')) } })
    await library.create({ name: 'D', entries: [{ pattern: 'a', replacement: 'b' }] })
    expect(await library.process('a')).toMatchObject({ text: 'b', warnings: [{ type: 'other' }] })
  })
})

describe('dictionaries of users', () => {
  test('equal user ids of two tenants are two owners; all read what belongs to the application', async () => {
    const store = createMemoryDictionaryStore()
    const entries = (replacement: string) => [{ pattern: 'tea', replacement }]
    const shared = createDictionaryLibrary({ store })
    const [one, two] = ['one', 'two'].map((orgId) =>
      createDictionaryLibrary({ store, owner: { userId: 'ada', orgId } }),
    ) as [ReturnType<typeof createDictionaryLibrary>, ReturnType<typeof createDictionaryLibrary>]
    const { id } = await shared.create({ name: 'Terms', entries: entries('cha') })
    const own = await one.create({ name: 'Terms', entries: entries('chai') })
    const named = async (library: typeof one): Promise<string[]> =>
      (await library.list()).map((found) => found.id)
    expect(await named(shared)).toEqual([id])
    expect((await named(one)).toSorted()).toEqual([id, own.id].toSorted())
    expect(await named(two)).toEqual([id])
    expect((await one.get('Terms')).id).toBe(own.id)
    expect((await two.get('Terms')).id).toBe(id)
    for (const stranger of [shared, two]) {
      await expect(stranger.get(own.id)).rejects.toMatchObject({ kind: 'not-found' })
      await expect(stranger.toggle(own.id)).rejects.toMatchObject({ kind: 'not-found' })
      await expect(stranger.delete(own.id)).rejects.toMatchObject({ kind: 'not-found' })
    }
    await expect(two.toggle('Terms')).rejects.toMatchObject({ kind: 'unauthorized' })
    await expect(two.delete(id)).rejects.toMatchObject({ kind: 'unauthorized' })
    const copy = await two.clone('Terms', 'Mine')
    expect((await two.toggle('Mine')).id).toBe(copy.id)
    expect((await one.process('tea', { dictionaries: ['Terms'] })).text).toBe('chai')
    expect((await shared.process('tea')).text).toBe('cha')
    expect(await two.search('chai')).toEqual([])
  })
})

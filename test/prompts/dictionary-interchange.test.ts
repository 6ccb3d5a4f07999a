import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  createDictionaryLibrary,
  createMemoryDictionaryStore,
  type Dictionary,
  type DictionaryLibrary,
} from 'llm-switchyard/prompts'

const libraryWith = (): DictionaryLibrary => createDictionaryLibrary({ store: createMemoryDictionaryStore() })

const content = ({ name, description, active, entries }: Dictionary) => ({
  name,
  description,
  active,
  entries: entries.map(({ id: _id, ...rest }) => rest),
})

describe('out and in again', () => {
  const words = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.string({
      unit: fc.constantFrom('`', '#', '\n', '\r', ' ', '-', ':', '"', '\\', 'a', '## Entry 1'),
      maxLength: 12,
    }),
  )
  const entry = fc.record(
    {
      pattern: words.filter((text) => text !== ''),
      replacement: words,
      probability: fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0),
      group: words,
      maxReplacements: fc.nat(9),
      enabled: fc.boolean(),
      caseSensitive: fc.boolean(),
      wholeWord: fc.boolean(),
      cooldownMs: fc.nat(10_000),
      stickyMs: fc.nat(10_000),
    },
    { requiredKeys: ['pattern', 'replacement'] },
  )
  const name = words.filter((text) => text.trim() !== '' && !/\p{Cc}/u.test(text) && text.length <= 100)

  test.each([
    ['JSON', 'exportJson', 'importJson'],
    ['Markdown', 'exportMarkdown', 'importMarkdown'],
  ] as const)('%s keeps everything, whatever is in it', async (_format, out, back) => {
    await fc.assert(
      fc.asyncProperty(
        name,
        words,
        fc.boolean(),
        fc.array(entry, { maxLength: 4 }),
        async (title, description, active, entries) => {
          const library = libraryWith()
          const made = await library.create({ name: title, description, active, entries })
          const exported = await library[out](made.id)
          const again = await libraryWith()[back](
            typeof exported === 'string' ? exported : JSON.stringify(exported),
          )
          expect(content(again)).toEqual(content(made))
        },
      ),
      { numRuns: 300 },
    )
  })

  test('Markdown can be read, and written by hand', async () => {
    const library = libraryWith()
    const { id } = await library.create({
      name: 'Medical terms',
      description: 'Short forms.',
      entries: [
        { pattern: '\\bBP\\b', type: 'regex', flags: 'i', replacement: 'blood pressure', group: 'vitals' },
      ],
    })
    expect(await library.exportMarkdown(id)).toBe(
      [
        '# Medical terms',
        '',
        '- active: true',
        '- description: "Short forms."',
        '',
        '## Entry 1',
        '',
        '- type: "regex"',
        '- pattern: "\\\\bBP\\\\b"',
        '- flags: "i"',
        '- group: "vitals"',
        '',
        '```',
        'blood pressure',
        '```',
        '',
      ].join('\n'),
    )
    const byHand =
      '# Mine\n\nSome words.\n\n## First\n\n* **pattern**: `a b`\n- replacement: two words\n- probability: 0.5\n- pattern_note: x\n\n## Second\r\n- type: regex\r\n- pattern: \\d+\r\n- replacement: 42\r\n- case_sensitive: false\r\n'
    const mine = await library.importMarkdown(byHand)
    expect(mine).toMatchObject({
      name: 'Mine',
      entries: [
        { pattern: 'a b', replacement: 'two words', probability: 0.5 },
        { type: 'regex', pattern: '\\d+', replacement: '42', caseSensitive: false },
      ],
    })
  })

  test('a dictionary file is Markdown, too', async () => {
    const library = libraryWith()
    const made = await library.importMarkdown('# Lore\ncat: feline\nnote: |\na: b\n---@@@---\n/c.t/: X\n', {
      name: 'From file',
    })
    expect(made.name).toBe('From file')
    expect(
      made.entries.map(({ type, pattern, replacement, wholeWord, caseSensitive }) => [
        type,
        pattern,
        replacement,
        wholeWord,
        caseSensitive,
      ]),
    ).toEqual([
      ['literal', 'cat', 'feline', true, false],
      ['literal', 'note', 'a: b', true, false],
      ['regex', 'c.t', 'X', false, false],
    ])
    expect((await library.importMarkdown('# Lore\ncat: feline')).name).toBe('Lore')
    await expect(library.importMarkdown('cat: feline')).rejects.toMatchObject({ issues: [{ path: 'name' }] })
  })

  test('JSON of other programs, and invalid JSON', async () => {
    const library = libraryWith()
    const other = {
      dictionary: { name: 'T', is_active: false },
      entries: [
        {
          pattern: 'a',
          replacement: 'b',
          case_sensitive: false,
          max_replacements: 2,
          timed_effects: { cooldown: 3, sticky: 1.5, delay: 0 },
        },
      ],
    }
    expect(await library.importJson(other)).toMatchObject({
      active: false,
      entries: [{ caseSensitive: false, maxReplacements: 2, cooldownMs: 3_000, stickyMs: 1_500, delayMs: 0 }],
    })
    for (const source of ['', '[]', 'null', '{"name":"x","entries":{}}', '{"entries":[]}'])
      await expect(library.importJson(source)).rejects.toMatchObject({ kind: 'invalid-request' })
    await expect(library.importJson({ name: 'T' })).rejects.toMatchObject({ kind: 'conflict' })
    expect((await library.importJson({ name: 'T' }, { name: 'U' })).name).toBe('U')
  })
})

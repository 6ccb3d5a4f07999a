import { describe, expect, test } from 'vitest'
import {
  createPromptComposer,
  createRandom,
  definePersona,
  type LoreOptions,
  type PromptInput,
  readPersonaCard,
} from 'llm-switchyard/prompts'

type Entry = Record<string, unknown>
const entry = (fields: Entry): Entry => ({
  keys: ['ship'],
  content: 'The ship is the Gull.',
  enabled: true,
  insertion_order: 1,
  extensions: {},
  ...fields,
})
const book = (entries: readonly Entry[], fields: Entry = {}): object => ({
  extensions: {},
  entries,
  ...fields,
})
const persona = definePersona({ name: 'Mia', description: 'A pirate.', scenario: 'At sea.' })

async function lore(
  said: string | PromptInput['messages'],
  entries: readonly Entry[],
  more: Omit<Partial<PromptInput>, 'lore'> & { readonly book?: Entry; readonly lore?: LoreOptions } = {},
): Promise<{ readonly text: string; readonly warnings: readonly string[] }> {
  const { book: fields, lore: options, ...input } = more
  const messages = typeof said === 'string' ? [{ role: 'user' as const, content: said }] : said
  const books = [book(entries, fields)]
  const given = { persona, user: 'Bob', messages, lore: { ...options, books }, ...input }
  const { system = '', warnings } = await createPromptComposer().compose(given)
  return { text: system, warnings: warnings.map(({ message }) => message) }
}

describe('which entries apply', () => {
  const secondary = (selectiveLogic: number): Entry =>
    entry({ selective: true, secondary_keys: ['storm', 'gale'], extensions: { selectiveLogic } })

  test.each<[string, string, Entry, boolean]>([
    ['its key is said', 'Your ship?', entry({}), true],
    ['in any case', 'YOUR SHIP!', entry({}), true],
    ['unless it says otherwise', 'YOUR SHIP!', entry({ case_sensitive: true }), false],
    ['not within a word', 'Friendship.', entry({}), false],
    ['but its beginning is enough', 'Two ships.', entry({}), true],
    ['whole words', 'Two ships.', entry({ extensions: { match_whole_words: true } }), false],
    ['any part', 'Friendship.', entry({ extensions: { match_whole_words: false } }), true],
    ['scripts without spaces', '私の船です', entry({ keys: ['船'] }), true],
    ['none of its keys', 'Your boat?', entry({}), false],
    ['one of several', 'Your boat?', entry({ keys: ['ship', 'boat'] }), true],
    ['macros in keys', 'Is Bob here?', entry({ keys: ['{{user}}'] }), true],
    ['switched off', 'Your ship?', entry({ enabled: false }), false],
    ['always', 'Hi', entry({ constant: true, keys: [] }), true],
    ['a pattern', 'The SHIP-7', entry({ keys: ['/ship-\\d/i'], use_regex: true }), true],
    ['a pattern that does not match', 'The ship', entry({ keys: ['/ship-\\d/i'], use_regex: true }), false],
    ['a broken pattern', 'The ship (', entry({ keys: ['ship ('], use_regex: true }), false],
    ['any secondary key', 'ship in a gale', secondary(0), true],
    ['no secondary key', 'ship', secondary(0), false],
    ['not all', 'ship, storm, gale', secondary(1), false],
    ['none of them', 'ship in a gale', secondary(2), false],
    ['all of them', 'ship, storm, gale', secondary(3), true],
    ['a decorator that excludes', 'ship in port', entry({ content: '@@exclude_keys port\nGull' }), false],
    ['a decorator that adds', 'ship in port', entry({ content: '@@additional_keys port\nGull' }), true],
    ['a decorator that switches on', 'Hi', entry({ content: '@@activate\nThe Gull.' }), true],
    ['a decorator that switches off', 'ship', entry({ content: '@@dont_activate\nThe Gull.' }), false],
    ['a decorator of later turns', 'ship', entry({ content: '@@activate_only_after 1\nThe Gull.' }), false],
    [
      'an unknown decorator with a fallback',
      'ship',
      entry({ content: '@@new 1\n@@@dont_activate\nGull' }),
      false,
    ],
    ['never by chance', 'ship', entry({ extensions: { probability: 0, useProbability: true } }), false],
  ])('%s: %j', async (_what, said, given, applies) => {
    const { text } = await lore(said, [given])
    expect(text.includes('Gull')).toBe(applies)
    expect(text).not.toContain('@@')
  })

  test('the newest messages of the depth count, those of the book before those of the options', async () => {
    const messages: PromptInput['messages'] = [
      { role: 'user', content: 'My ship' },
      { role: 'assistant', content: 'Aye' },
      { role: 'user', content: 'Hi' },
    ]
    expect((await lore(messages, [entry({})])).text).toContain('Gull')
    expect((await lore(messages, [entry({})], { lore: { scanDepth: 2 } })).text).not.toContain('Gull')
    const inBook = { book: { scan_depth: 3 }, lore: { scanDepth: 2 } }
    expect((await lore(messages, [entry({})], inBook)).text).toContain('Gull')
  })

  test('entries trigger others where the book says so, but not for ever', async () => {
    const chain = [
      entry({ keys: ['one'], content: 'Then two, One.' }),
      entry({ keys: ['two'], content: 'Then three, one, Two.' }),
      entry({ keys: ['three'], content: 'End.' }),
    ]
    expect((await lore('one', chain)).text).not.toContain('Then three')
    expect((await lore('one', chain, { book: { recursive_scanning: true } })).text).toContain('End.')
  })
})

describe('where entries go', () => {
  test('before and after the persona, by order', async () => {
    const entries = [
      entry({ content: 'Last {{user}}', position: 'after_char' }),
      entry({ content: 'Second', insertion_order: 9 }),
      entry({ content: 'First', insertion_order: 2 }),
      entry({ content: '@@position scenario\nFoggy' }),
    ]
    const { text } = await lore('ship', entries)
    expect(text).toBe('First\nSecond\nYou are Mia.\nA pirate.\nScenario: At sea.\nFoggy\nLast Bob')
  })

  test('into the conversation by depth, never between a call and its result', async () => {
    const call = { type: 'tool-call' as const, id: 'a', name: 't', arguments: {} }
    const messages: PromptInput['messages'] = [
      { role: 'user', content: 'ship' },
      { role: 'assistant', content: [call] },
      { role: 'tool', toolCallId: 'a', content: 'r' },
      { role: 'user', content: 'And?' },
    ]
    const entries = [
      entry({ content: '@@depth 2\n@@role user\nDeep' }),
      entry({ content: 'Behind', extensions: { position: 4, depth: 0 } }),
    ]
    const composed = await createPromptComposer().compose({
      persona,
      messages,
      lore: { books: [book(entries)] },
    })
    expect(
      composed.messages.map(({ role, content }) => (typeof content === 'string' ? content : role)),
    ).toEqual(['ship', 'Deep', 'assistant', 'r', 'And?', 'Behind'])
  })

  test('the book of a card, and of a world file', async () => {
    const card = readPersonaCard({
      spec: 'chara_card_v3',
      spec_version: '3.0',
      data: { name: 'Mia', description: 'A pirate.', character_book: book([entry({})]) },
    })
    const messages = [{ role: 'user' as const, content: 'Your ship?' }]
    const { system } = await createPromptComposer().compose({ persona: card, messages })
    expect(system).toContain('The ship is the Gull.')
    const world = { entries: { 0: { key: ['ship'], content: 'Of a world.', order: 1, disable: false } } }
    const other = await createPromptComposer().compose({ persona, messages, lore: { books: [world] } })
    expect(other.system).toContain('Of a world.')
    expect(
      (await createPromptComposer().compose({ persona: card, messages, lore: false })).system,
    ).not.toContain('Gull')
  })
})

describe('bounds', () => {
  test('the budget leaves out the least important ones, and says so', async () => {
    const long = (name: string, priority: number): Entry =>
      entry({ content: `${name} ${'word '.repeat(40)}`, priority })
    const entries = [long('One', 1), long('Two', 3), long('Three', 2)]
    const { text, warnings } = await lore('ship', entries, { book: { token_budget: 100 } })
    expect(['One', 'Two', 'Three'].filter((name) => text.includes(name))).toEqual(['Two', 'Three'])
    expect(warnings.join()).toContain('1 of 3 lore entries were left out')
  })

  test('hostile books end', async () => {
    const entries = Array.from({ length: 4_000 }, (_, at) =>
      entry({ keys: at % 2 === 0 ? ['(a+)+$'] : ['a'.repeat(50)], use_regex: at % 2 === 0 }),
    )
    const { warnings } = await lore(`${'a'.repeat(60_000)}!`, entries, { book: { recursive_scanning: true } })
    expect(warnings.join()).toContain('too large')
  }, 120_000)

  test.each<[unknown]>([
    [{ entries: 'no' }],
    [{ entries: [null, 5, {}, { content: 5 }] }],
    [{ entries: [{ content: 'x', keys: 'ship', extensions: null, insertion_order: 'y' }] }],
    [{ entries: { constructor: 1 } }],
  ])('a malformed book is no error: %j', async (given) => {
    const messages = [{ role: 'user' as const, content: 'ship' }]
    const input = { persona, messages, lore: { books: [given as object] } }
    await expect(createPromptComposer().compose(input)).resolves.toBeDefined()
  })

  test('chance follows the given source', async () => {
    const entries = Array.from({ length: 40 }, (_, at) =>
      entry({ content: `#${at};`, extensions: { probability: 50, useProbability: true } }),
    )
    const draw = async (seed: number): Promise<string> =>
      (await lore('ship', entries, { random: createRandom(seed) })).text
    expect(await draw(1)).toBe(await draw(1))
    expect(await draw(1)).not.toBe(await draw(2))
  })
})

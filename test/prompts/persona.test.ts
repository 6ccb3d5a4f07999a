import { describe, expect, test } from 'vitest'
import { LlmError } from 'llm-switchyard'
import {
  createMemoryPersonaStore,
  createPersonaLibrary,
  defaultPersona,
  definePersona,
  greetingOf,
  parseExampleDialogue,
  personaPrompt,
  readPersonaCard,
  speakerName,
  writePersonaCard,
  type PersonaStore,
} from 'llm-switchyard/prompts'
import { pngWith } from './png.ts'

const issuesOf = (make: () => unknown) => {
  try {
    make()
  } catch (error) {
    if (LlmError.is(error, 'invalid-request')) return error.issues?.map(({ path }) => path)
    throw error
  }
  return undefined
}

const nested: Record<string, unknown> = {}
nested['self'] = nested

describe('cards', () => {
  const fields = {
    name: 'Ada',
    description: 'A mathematician.',
    personality: 'curious',
    scenario: 'London, 1843',
    first_mes: 'Good day, {{user}}.',
    mes_example: '<START>\n{{user}}: Hi\n{{char}}: Hello.',
  }
  const v2 = {
    ...fields,
    creator_notes: 'Be kind.',
    system_prompt: 'You are Ada.',
    post_history_instructions: 'Stay in character.',
    alternate_greetings: ['Hm?', 'Yes?'],
    tags: ['history'],
    creator: 'someone',
    character_version: '1.2',
    extensions: { depth: 4 },
    character_book: { entries: [] },
  }
  const common = {
    name: 'Ada',
    description: 'A mathematician.',
    personality: 'curious',
    scenario: 'London, 1843',
    greeting: 'Good day, {{user}}.',
    version: 0,
  }

  test.each<[string, unknown, object]>([
    ['v1', fields, common],
    ['v1 as text with a byte order mark', `\uFEFF${JSON.stringify(fields)}`, common],
    ['v1 as bytes', new TextEncoder().encode(JSON.stringify(fields)), common],
    [
      'v2',
      { spec: 'chara_card_v2', spec_version: '2.0', data: v2 },
      {
        ...common,
        notes: 'Be kind.',
        systemPrompt: 'You are Ada.',
        postHistoryInstructions: 'Stay in character.',
        alternateGreetings: ['Hm?', 'Yes?'],
        tags: ['history'],
        creator: 'someone',
        cardVersion: '1.2',
        extensions: { depth: 4 },
        book: { entries: [] },
      },
    ],
    [
      'v3',
      { spec: 'chara_card_v3', spec_version: '3.0', data: { ...v2, nickname: 'Countess' } },
      { ...common, nickname: 'Countess' },
    ],
    ['v2 with the old fields beside it', { ...fields, name: 'Old', spec: 'chara_card_v2', data: v2 }, common],
    [
      'the names of others',
      {
        char_name: 'Ada',
        char_persona: 'A mathematician.',
        personality: 'curious',
        world_scenario: 'London, 1843',
        char_greeting: 'Good day, {{user}}.',
        example_dialogue: 'x',
      },
      { ...common, exampleDialogue: 'x' },
    ],
    [
      'lists as text',
      { name: 'Ada', tags: 'a, b,', alternate_greetings: '["x"]', character_version: 2 },
      { tags: ['a', 'b'], alternateGreetings: ['x'], cardVersion: '2' },
    ],
    [
      'a persona of ours',
      { name: 'Ada', systemPrompt: 'S', greeting: 'G' },
      { systemPrompt: 'S', greeting: 'G' },
    ],
    ['an image with a card', pngWith({ chara: { data: v2 } }), common],
    [
      'an image with two: the newer',
      pngWith({ chara: { data: { name: 'Old' } }, ccv3: { data: { ...v2, name: 'Zoë' } } }),
      { name: 'Zoë' },
    ],
  ])('%s', (_what, source, expected) => {
    expect(readPersonaCard(source)).toMatchObject(expected)
  })

  test.each<[string, unknown, string[]]>([
    ['no object', 'nonsense', ['']],
    ['a list', [], ['']],
    ['no name', { description: 'x' }, ['name']],
    ['a blank name', { data: { name: '  ' } }, ['data.name']],
    ['a long name', { name: 'n'.repeat(101) }, ['name']],
    ['a name in two lines', { name: 'a\nb' }, ['name']],
    [
      'everything at once',
      { data: { name: 3, description: [], tags: [1], extensions: 'x', first_mes: {} } },
      ['data.description', 'data.first_mes', 'data.tags', 'data.extensions'],
    ],
    ['a text without end', { name: 'a', description: 'x'.repeat(200_001) }, ['description']],
    ['an image without a card', pngWith({}), ['']],
    ['an image with a broken card', pngWith({ chara: '@@@' }), ['']],
    ['a truncated image', pngWith({ chara: { name: 'Ada' } }).subarray(0, 60), ['']],
    ['fields that are no JSON', { name: 'a', extensions: { loop: nested } }, ['extensions']],
    ['inherited fields', Object.create({ name: 'Ada' }), ['name']],
  ])('refused with all its issues: %s', (_what, source, paths) => {
    expect(issuesOf(() => readPersonaCard(source))).toEqual(paths)
  })

  test('a card that was written reads the same', () => {
    const persona = readPersonaCard({
      data: { ...v2, nickname: 'Countess', image: 'data:image/png;base64,AA==' },
    })
    const again = readPersonaCard(JSON.stringify(writePersonaCard(persona)))
    expect({ ...again, id: persona.id }).toEqual(persona)
  })
})

describe('what a persona says', () => {
  test('its system prompt, and who it is', () => {
    const both = { name: 'Ada', systemPrompt: 'S {{Original}}', description: 'D', scenario: 'E' }
    expect(personaPrompt(definePersona(both), 'H')).toBe('S H\nD\nScenario: E')
    const ada = definePersona({
      name: 'Ada',
      description: 'A mathematician.',
      personality: 'curious',
      systemPrompt: ' ',
    })
    expect(personaPrompt(ada)).toBe('You are Ada.\nA mathematician.\nPersonality: curious')
    expect(personaPrompt(definePersona({ name: 'Ada' }))).toBe('')
  })

  test('greetings by number', () => {
    const ada = definePersona({ name: 'Ada', greeting: 'a', alternateGreetings: ['b', 'c'] })
    expect([0, 1, 2, 3].map((index) => greetingOf(ada, index))).toEqual(['a', 'b', 'c', 'a'])
  })

  test('example dialogue as turns', () => {
    const text =
      'lost\n<START>\n{{user}}: Hi {{char}}\n{{char}}: Hello.\nHow are you?\n\n  <start>\nBob: Me again\nADA: $& {{user}}?\n<START>\nnobody'
    expect(parseExampleDialogue(text, { char: 'Ada', user: 'Bob' })).toEqual([
      [
        { role: 'user', content: 'Hi Ada' },
        { role: 'assistant', content: 'Hello.\nHow are you?' },
      ],
      [
        { role: 'user', content: 'Me again' },
        { role: 'assistant', content: '$& Bob?' },
      ],
    ])
    expect(parseExampleDialogue('')).toEqual([])
  })

  test.each([
    ['Ada Lovelace', 'Ada_Lovelace'],
    ['  Ada\tL. ', 'Ada_L.'],
    ['<Ada|B>\\/', 'AdaB'],
    ['Zoë 🚂', 'Zoë_'],
    ['東京', '東京'],
    ["O'Brien (v2)", 'OBrien_v2'],
    ['<>', undefined],
    ['x'.repeat(80), 'x'.repeat(64)],
    ['𝒳'.repeat(40), '𝒳'.repeat(32)],
    [`${'x'.repeat(63)}𝒳`, 'x'.repeat(63)],
  ])('a name that every provider takes: %s', (name, expected) => {
    expect(speakerName(name)).toBe(expected)
  })
})

describe('a store', () => {
  test('counts versions, and refuses to save over a newer one', async () => {
    const store = createMemoryPersonaStore()
    const first = await store.save(definePersona({ name: 'Ada' }))
    expect(first.version).toBe(1)
    const second = await store.save({ ...first, greeting: 'Hi' })
    expect(second.version).toBe(2)
    await expect(store.save({ ...first, greeting: 'Ho' })).rejects.toMatchObject({ kind: 'conflict' })
    expect((await store.get('Ada'))?.greeting).toBe('Hi')
    await expect(store.delete(first.id, 1)).rejects.toMatchObject({ kind: 'conflict' })
    expect(await store.delete(first.id, 2)).toBe(true)
    expect(await store.delete(first.id)).toBe(false)
    await expect(store.save(second)).rejects.toMatchObject({ kind: 'conflict' })
  })

  test('of two saves at once one succeeds, and a name is given once', async () => {
    const store = createMemoryPersonaStore()
    const base = await store.save(definePersona({ name: 'Ada' }))
    const results = await Promise.allSettled([1, 2, 3].map((n) => store.save({ ...base, greeting: `${n}` })))
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    await expect(store.save(definePersona({ id: 'other', name: 'Ada' }))).rejects.toMatchObject({
      kind: 'conflict',
    })
  })

  test('finds by id before name, lists by name, shares nothing', async () => {
    const store = createMemoryPersonaStore([
      definePersona({ id: '1', name: 'Bob', tags: ['Maths'] }),
      definePersona({ id: 'Bob', name: 'Ada' }),
    ])
    expect((await store.get('Bob'))?.name).toBe('Ada')
    expect((await store.get('1'))?.name).toBe('Bob')
    expect(await store.get('__proto__')).toBeUndefined()
    expect((await store.list()).map(({ name }) => name)).toEqual(['Ada', 'Bob'])
    expect((await store.list({ search: 'math' })).map(({ name }) => name)).toEqual(['Bob'])
    expect((await store.list({ limit: 1, offset: 1 })).map(({ name }) => name)).toEqual(['Bob'])
    const bob = await store.get('1')
    Object.assign(bob ?? {}, { name: 'Eve' })
    expect((await store.get('1'))?.name).toBe('Bob')
  })
})

describe('a library always finds a persona', () => {
  test('by id, by number, by name; else the default one', async () => {
    const library = createPersonaLibrary({
      store: createMemoryPersonaStore([definePersona({ id: '7', name: 'Ada' })]),
    })
    for (const key of ['7', 7, 'Ada', ' Ada '])
      expect(await library.find(key)).toMatchObject({ persona: { name: 'Ada' }, origin: 'asked' })
    for (const key of [undefined, '', 'Nobody', 99])
      expect(await library.find(key)).toMatchObject({
        persona: { name: 'Helpful AI Assistant', version: 1 },
        origin: 'default',
      })
    expect(await library.store.list()).toHaveLength(2)
  })

  test('the default one is stored once, however many ask at once, in however many processes', async () => {
    const memory = createMemoryPersonaStore()
    let saves = 0
    const slow: PersonaStore = {
      ...memory,
      get: async (key) => {
        const found = await memory.get(key)
        await new Promise((resolve) => setImmediate(resolve))
        return found
      },
      save: async (persona) => {
        saves++
        return memory.save(persona)
      },
    }
    const processes = [1, 2, 3].map(() => createPersonaLibrary({ store: slow }))
    const found = await Promise.all(
      processes.flatMap((library) => Array.from({ length: 20 }, () => library.find())),
    )
    expect(new Set(found.map(({ persona, origin }) => `${persona.id} ${persona.version} ${origin}`))).toEqual(
      new Set(['persona_default 1 default']),
    )
    expect(saves).toBe(3)
    expect(await memory.list()).toHaveLength(1)
  })

  test('a default persona that was changed stays changed; one that was deleted comes again', async () => {
    const library = createPersonaLibrary({ store: createMemoryPersonaStore() })
    const { persona } = await library.ensureDefault()
    await library.store.save({ ...persona, greeting: 'Moin!' })
    expect((await library.find()).persona.greeting).toBe('Moin!')
    await library.store.delete(persona.id)
    expect((await library.find()).persona).toEqual({ ...defaultPersona, version: 1 })
  })

  test('another user’s persona counts as missing', async () => {
    const library = createPersonaLibrary({
      store: createMemoryPersonaStore([
        definePersona({ id: 'p1', name: 'Ada', owner: 'ada' }),
        definePersona({ id: 'p2', name: 'Open' }),
      ]),
    })
    for (const key of ['p1', 'Ada']) {
      expect(await library.find(key, { visibleTo: 'ada' })).toMatchObject({ origin: 'asked' })
      expect(await library.find(key, { visibleTo: 'bob' })).toMatchObject({ origin: 'default' })
    }
    expect(await library.find('Open', { visibleTo: 'bob' })).toMatchObject({ origin: 'asked' })
  })

  test('where the store fails that is an error, and the next call asks the store again', async () => {
    const memory = createMemoryPersonaStore([definePersona({ name: 'Ada' })])
    let down = true
    const lines: object[] = []
    const quiet = (): void => undefined
    const store: PersonaStore = {
      ...memory,
      get: (key) => (down ? Promise.reject(new Error('down')) : memory.get(key)),
    }
    const logger = {
      debug: quiet,
      info: quiet,
      error: quiet,
      warn: (fields: object) => void lines.push(fields),
    }
    const library = createPersonaLibrary({ store, logger })
    for (const key of ['Ada', undefined])
      await expect(library.find(key)).rejects.toMatchObject({
        kind: 'server-failed',
        message: expect.stringContaining('the persona could not be read'),
      })
    expect(await library.ensureDefault()).toEqual({ persona: defaultPersona, origin: 'ephemeral' })
    expect(lines).toEqual(Array.from({ length: 3 }, () => ({ error: 'down' })))
    down = false
    expect(await library.find('Ada')).toMatchObject({ origin: 'asked' })
  })

  test('imports cards', async () => {
    const library = createPersonaLibrary({ store: createMemoryPersonaStore() })
    const saved = await library.import({ name: 'Ada', first_mes: 'Hi' })
    expect((await library.find(saved.id)).persona).toMatchObject({ greeting: 'Hi', version: 1 })
    await expect(library.import({ name: 'Ada' })).rejects.toMatchObject({ kind: 'conflict' })
  })
})

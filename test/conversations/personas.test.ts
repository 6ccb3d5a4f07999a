import { describe, expect, test } from 'vitest'
import { LlmError } from 'llm-switchyard'
import type { ChatPersona, ChatServiceOptions } from 'llm-switchyard/conversations'
import { createSqliteStore } from 'llm-switchyard/persistence/sqlite'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import {
  createMemoryPersonaStore,
  createPersonaLibrary,
  createPromptComposer,
  definePersona,
} from 'llm-switchyard/prompts'
import { ada as identity, host, keptTurns, sentTurns } from './chat-host.ts'

const composers: readonly [string, Partial<ChatServiceOptions>][] = [
  ['with the composer', { composer: createPromptComposer() }],
  ['without one', {}],
]

describe.each(composers)('a persona %s', (_how, options) => {
  const serviceOf = (persona: ChatServiceOptions['persona']) => ({ service: { ...options, persona } })

  test.each<[ChatPersona, readonly string[]]>([
    [{ name: 'Ada' }, ['user: Hi {{char}}']],
    [
      { name: 'Ada', nickname: undefined, systemPrompt: 'You are {{Char}}.' },
      ['system: You are Ada.', 'user: Hi {{char}}'],
    ],
    [
      {
        name: 'Ada',
        description: 'A {{char}}.',
        systemPrompt: 'S',
        postHistoryInstructions: 'Be brief, <BOT>.',
      },
      ['system: S\nA Ada.\nBe brief, Ada.', 'user: Hi {{char}}'],
    ],
    [
      { name: 'Ada', exampleDialogue: '<START>\n{{user}}: 1+1?\n{{char}}: 2.' },
      ['user: 1+1?', 'assistant: 2.', 'user: Hi {{char}}'],
    ],
  ])('with any of its fields works: %j', async (persona, turns) => {
    await using it = await host(serviceOf(() => persona))
    await it.chats.send({ identity, message: 'Hi {{char}}', persona: 'Ada', examples: true })
    expect(sentTurns(it.provider)).toEqual(turns)
  })

  test('its instructions give way to those of the request, or surround them', async () => {
    const persona = { name: 'Ada', systemPrompt: 'S. {{original}}', description: 'D' }
    await using it = await host(
      serviceOf((name) => (name === 'Ada' ? persona : { ...persona, systemPrompt: 'S' })),
    )
    await it.chats.send({ identity, message: 'Hi', persona: 'Ada', system: 'Be kind.' })
    expect(sentTurns(it.provider)[0]).toBe('system: S. Be kind.\nD')
    await it.chats.send({ identity, message: 'Hi', persona: 'Other', system: 'Be kind.' })
    expect(sentTurns(it.provider)[0]).toBe('system: Be kind.')
  })

  test('speaks by its greeting, the first or another, with names filled in', async () => {
    const persona = {
      name: 'Mia',
      greeting: 'Ahoy {{User}}, I am {{char}}!',
      alternateGreetings: ['<BOT> here.'],
    }
    await using it = await host(serviceOf(() => persona))
    for (const [greet, text] of [
      [undefined, 'assistant: Ahoy Bob, I am Mia!'],
      [1, 'assistant: Mia here.'],
    ] as const) {
      const { id } = await it.chats.create({ identity, persona: 'Mia', userName: 'Bob', greet })
      expect(await keptTurns(it.store, id)).toEqual([text])
    }
    for (const greet of [-1, 0.5, 'x' as never])
      await expect(it.chats.create({ identity, persona: 'Mia', greet })).rejects.toMatchObject({
        kind: 'invalid-request',
      })
  })

  test('that cannot be read is an error, not another persona', async () => {
    await using it = await host(serviceOf(() => Promise.reject(new Error('disk full'))))
    for (const run of [
      () => it.chats.send({ identity, message: 'Hi', persona: 'Mia' }),
      () => it.chats.create({ identity, persona: 'Mia' }),
    ])
      expect(LlmError.is(await run().catch((error: unknown) => error), 'server-failed')).toBe(true)
    expect(it.provider.log).toHaveLength(0)
  })

  test.each<unknown>([{}, { name: 5 }, 'Mia', { name: 'Mia', systemPrompt: 5 }])(
    'that is none is refused: %j',
    async (persona) => {
      await using it = await host(serviceOf(() => persona as ChatPersona))
      await expect(it.chats.send({ identity, message: 'Hi', persona: 'Mia' })).rejects.toMatchObject({
        kind: 'misconfigured',
      })
    },
  )
})

const stores = {
  memory: () => ({ store: createMemoryStore(), personas: createMemoryPersonaStore() }),
  SQLite: () => {
    const store = createSqliteStore({ path: ':memory:' })
    return { store, personas: store.personas }
  },
}

describe.each(Object.entries(stores))('a conversation in %s', (_name, open) => {
  test('keeps its persona when that is renamed, and says when it is gone', async () => {
    const { store, personas } = open()
    await using _closed = store
    const library = createPersonaLibrary({ store: personas })
    const persona = async (asked: string) => (await library.find(asked)).persona
    await using it = await host({ store, service: { persona, composer: createPromptComposer() } })
    const mia = await personas.save(definePersona({ name: 'Mia', description: 'A pirate.' }))
    const begun = await it.chats.create({ identity, persona: 'Mia' })
    const { conversationId: sent } = await it.chats.send({ identity, message: 'Hi', persona: 'Mia' })
    const renamed = await personas.save({ ...mia, name: 'Captain Mia' })
    for (const conversationId of [begun.id, sent]) {
      expect((await it.chats.get({ identity, conversationId })).personaId).toBe(mia.id)
      const { warnings } = await it.chats.send({ identity, conversationId, message: 'Who?' })
      expect(sentTurns(it.provider)[0]).toBe('system: You are Captain Mia.\nA pirate.')
      expect(warnings).toEqual([])
    }
    expect((await it.chats.list({ identity, persona: 'Captain Mia' })).data).toHaveLength(2)
    await personas.delete(renamed.id)
    const { warnings } = await it.chats.send({ identity, conversationId: sent, message: 'Still there?' })
    expect(warnings.map(({ message }) => message).join()).toContain('does not exist any more')
  })
})

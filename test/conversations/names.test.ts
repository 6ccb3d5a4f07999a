import { describe, expect, test } from 'vitest'
import { ada as identity, host, type Hosted } from './chat-host.ts'

const bad: Readonly<Record<string, unknown>> = {
  'half a surrogate pair': '\uD800',
  'a line break': 'a\nb',
  NUL: 'a\0b',
  'more than 200 characters': 'x'.repeat(201),
  'a slash': 'a/../b',
  'a backslash': 'a\\b',
  'a name of the language': '__proto__',
  'another one': 'constructor',
  blank: ' ',
  empty: '',
  'no text': 5,
}

type Door = (it: Hosted, ids: { conversationId: string; messageId: string }, name: never) => Promise<unknown>

/** Every place where a page names a persona or a template. */
const doors: Readonly<Record<string, readonly [Door, path: string]>> = {
  'send persona': [({ chats }, _ids, persona) => chats.send({ identity, message: 'a', persona }), 'persona'],
  'send template': [
    ({ chats }, _ids, template) => chats.send({ identity, message: 'a', template }),
    'template',
  ],
  'stream persona': [
    ({ chats }, _ids, persona) => chats.stream({ identity, message: 'a', persona }),
    'persona',
  ],
  'regenerate persona': [
    ({ chats }, ids, persona) => chats.regenerate({ identity, ...ids, persona }),
    'persona',
  ],
  'regenerate template': [
    ({ chats }, ids, template) => chats.regenerate({ identity, ...ids, template }),
    'template',
  ],
  'resend persona': [
    ({ chats }, ids, persona) => chats.resend({ identity, ...ids, message: 'a', persona }),
    'persona',
  ],
  'resend template': [
    ({ chats }, ids, template) => chats.resend({ identity, ...ids, message: 'a', template }),
    'template',
  ],
  'create persona': [({ chats }, _ids, persona) => chats.create({ identity, persona }), 'persona'],
  'update persona': [
    ({ chats }, { conversationId }, persona) => chats.update({ identity, conversationId, persona }),
    'persona',
  ],
  'list persona': [({ chats }, _ids, persona) => chats.list({ identity, persona }), 'persona'],
  'import personaId': [
    ({ chats }, _ids, personaId) =>
      chats.import({
        identity,
        file: { format: 'llm-switchyard/conversation', version: 1, personaId, messages: [] },
      }),
    'file.personaId',
  ],
}

describe.each(Object.entries(doors))('%s', (_door, [open, path]) => {
  test.each(Object.entries(bad))('refuses %s before anything is started', async (_name, value) => {
    let asked = 0
    await using it = await host({
      service: {
        persona: () => {
          asked++
          return undefined
        },
      },
    })
    const { conversationId, userMessageId: messageId } = await it.chats.send({ identity, message: 'first' })
    const calls = it.provider.log.length
    await expect(open(it, { conversationId, messageId }, value as never)).rejects.toMatchObject({
      kind: 'invalid-request',
      issues: [{ path }],
    })
    expect(asked).toBe(0)
    expect(it.provider.log).toHaveLength(calls)
  })
})

test('names of any script are taken', async () => {
  await using it = await host({ service: { persona: (name) => ({ name }) } })
  for (const persona of ['Mia', '名前', 'Dr. Who', 'a b', '😀', "O'Neil"])
    expect((await it.chats.send({ identity, message: 'a', persona })).content).toBe('Hello from the fake.')
})

import { createPiiModerator, createPlaceholders, type ReversibleRedactions } from 'llm-switchyard/moderation'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { expect, test } from 'vitest'
import { ada as identity, host, sentTurns } from './chat-host.ts'

// What an application keeps over a restart: the pairs of each conversation.
const saved = new Map<string, [placeholder: string, value: string][]>()

function processOf(): (id: string | undefined) => ReversibleRedactions {
  const sets = new Map<string, ReversibleRedactions>()
  return (id = '') => {
    const known = sets.get(id)
    if (known !== undefined) return known
    const entries = saved.get(id) ?? []
    saved.set(id, entries)
    const made = createPlaceholders({ entries: [...entries], onAdd: (...pair) => void entries.push(pair) })
    sets.set(id, made)
    return made
  }
}

test('masks hold over turns, doors and a restart, and every answer has the values', async () => {
  const store = createMemoryStore()
  let conversationId: string | undefined
  const turns = [
    {
      message: 'write to ann@example.com',
      sent: 'write to [EMAIL_1]',
      reply: 'Mail [EMAIL_1].',
      told: 'Mail ann@example.com.',
    },
    {
      message: 'and bob@example.com, then ann@example.com',
      sent: 'and [EMAIL_2], then [EMAIL_1]',
      reply: '[EMAIL_2], [EMAIL_1], [EMAIL_3]',
      told: 'bob@example.com, ann@example.com, eve@example.com',
    },
  ]
  for (const { message, sent, reply, told } of turns) {
    const placeholdersOf = processOf()
    await using it = await host({
      script: reply,
      store,
      orchestrator: {
        moderation: {
          moderators: (caller) => {
            const placeholders = placeholdersOf(caller.conversationId)
            return [createPiiModerator({ placeholders }), placeholders.restoring]
          },
        },
      },
    })
    const turn = await it.chats.send({ identity, conversationId, message })
    conversationId ??= turn.conversationId
    expect(turn.content).toBe(told)
    expect(sentTurns(it.provider).at(-1)).toContain(sent)
    expect(sentTurns(it.provider).join('\n')).not.toContain('@example.com')
    const streamed = await it.chats.regenerateStream({ identity, conversationId })
    let text = ''
    for await (const event of streamed) if (event.type === 'text-delta') text += event.text
    expect(text).toBe(told)
    if (message.startsWith('write'))
      await it.chats.post({ identity, conversationId, message: 'ask bob@example.com and eve@example.com' })
  }
  await store.close()
})

test.each([
  ['a pair that is no placeholder', [['EMAIL_1', 'a@example.com']]],
  ['no pairs', 5],
])('%s is misconfigured', (_what, entries) => {
  expect(() => createPlaceholders({ entries: entries as never })).toThrow(
    expect.objectContaining({ kind: 'misconfigured' }),
  )
})

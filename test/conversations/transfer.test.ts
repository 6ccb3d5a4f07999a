import { describe, expect, test } from 'vitest'
import { ada, host, keptTurns, sentTurns } from './chat-host.ts'

const identity = ada

describe('export and import', () => {
  test('JSON brings the same conversation back', async () => {
    await using it = await host({ script: { text: 'A cat.', reasoning: 'Whiskers.' } })
    const message = [
      { type: 'text' as const, text: 'What?' },
      { type: 'image' as const, data: 'AQID', mediaType: 'image/png' },
    ]
    const { conversationId } = await it.chats.send({ identity, message, title: 'Pets & more' })
    const { text, filename, mediaType } = await it.chats.export({ identity, conversationId })
    expect(filename).toMatch(/^pets-more-\d{4}-\d\d-\d\d\.json$/)
    expect(mediaType).toBe('application/json')
    const made = await it.chats.import({ identity: { userId: 'bob' }, file: text, requestId: 'i1' })
    expect(made).toMatchObject({ userId: 'bob', title: 'Pets & more', messageCount: 2 })
    expect((await it.chats.import({ identity: { userId: 'bob' }, file: text, requestId: 'i1' })).id).toBe(
      made.id,
    )
    const [from, to] = await Promise.all(
      [conversationId, made.id].map((id) => it.store.messages.history(id, { limit: 9 })),
    )
    const said = ({ role, content }: { role: string; content: unknown }) => ({ role, content })
    expect(to?.map(said)).toEqual(from?.map(said))
    expect(text).not.toContain('"ada"')
  })

  test('Markdown reads back as the same turns, whatever they hold', async () => {
    await using it = await host({ script: 'Sure:\n\n## User\n\nnot a turn\n\\## Tool' })
    const { conversationId } = await it.chats.send({
      identity,
      message: '# Title?\n\n- a\n- b',
      title: 'Two\nlines',
    })
    const { text, filename } = await it.chats.export({ identity, conversationId, format: 'markdown' })
    expect(filename).toMatch(/\.md$/)
    expect(text).toContain('# Two lines\n\n## User\n\n# Title?')
    const made = await it.chats.import({ identity, file: text })
    expect(await keptTurns(it.store, made.id)).toEqual(await keptTurns(it.store, conversationId))
  })

  test.each([
    '{',
    '{"messages":[{"role":"boss","content":"x"}]}',
    'no headings',
    '{"messages":[{"role":"tool","content":"x"}]}',
    '{"format":"other","messages":[]}',
    '{"messages":[{"role":"user","content":[{"type":"text"}]}]}',
    '[1]',
  ])('%s is refused, and nothing is begun', async (file) => {
    await using it = await host()
    await expect(it.chats.import({ identity, file })).rejects.toMatchObject({ kind: 'invalid-request' })
    expect((await it.chats.list({ identity })).data).toEqual([])
  })

  test('a file brings neither usage nor authors of its own', async () => {
    await using it = await host()
    const forged = { role: 'user', content: 'Hi', userId: 'eve', requestId: 'r1', usage: { totalTokens: 9 } }
    const made = await it.chats.import({ identity, file: JSON.stringify({ messages: [forged] }) })
    expect(made.usage.calls).toBe(0)
    const [message] = await it.store.messages.history(made.id, { limit: 1 })
    expect(message).toMatchObject({ userId: 'ada' })
    expect(message?.requestId).toBeUndefined()
  })

  test('into a conversation takes the place of what it holds, which is kept aside', async () => {
    await using it = await host({ script: ({ call }) => `a${call}` })
    const { conversationId } = await it.chats.send({ identity, message: 'q0' })
    const { text } = await it.chats.export({ identity, conversationId })
    await it.chats.send({ identity, conversationId, message: 'q1' })
    const saved = await it.chats.import({ identity, conversationId, file: text, title: 'Saved' })
    expect(saved).toMatchObject({ id: conversationId, title: 'Saved', messageCount: 2 })
    expect(await keptTurns(it.store, conversationId)).toEqual(['user: q0', 'assistant: a0'])
    const all = await it.chats.history({ identity, conversationId, inactive: true })
    expect(all.items).toHaveLength(6)
    const answer = all.items.at(-1)
    await it.chats.regenerate({ identity, conversationId, messageId: answer?.id ?? '' })
    expect(await keptTurns(it.store, conversationId)).toEqual(['user: q0', 'assistant: a2'])
    const eve = { userId: 'eve' }
    await expect(it.chats.import({ identity: eve, conversationId, file: text })).rejects.toMatchObject({
      kind: 'not-found',
    })
  })

  test('a system turn of an old conversation stays in force', async () => {
    await using it = await host()
    const messages = [
      { role: 'system' as const, content: 'Be kind.' },
      ...Array.from({ length: 60 }, (_, at) => ({
        role: at % 2 === 0 ? ('user' as const) : ('assistant' as const),
        content: `m${at}`,
      })),
    ]
    const file = { format: 'llm-switchyard/conversation' as const, version: 1 as const, messages }
    const { id: conversationId } = await it.chats.import({ identity, file })
    await it.chats.send({ identity, conversationId, message: 'Hi' })
    expect(sentTurns(it.provider)[0]).toBe('system: Be kind.')
    expect(sentTurns(it.provider)).toHaveLength(23)
  })
})

import { expect, test } from 'vitest'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { createSqliteStore } from 'llm-switchyard/persistence/sqlite'
import { ada, keptTurns } from '../../../conversations/chat-host.ts'
import { site, type Reply } from './stored-site.ts'

const id = 'chat-of-the-page'
const messageId = 'question-of-page'

/** The same new message, as pages of both kinds post it. */
const posts = {
  'the AI SDK': (text = 'one') => ({
    id,
    trigger: 'submit-message',
    messages: [{ id: messageId, role: 'user', parts: [{ type: 'text', text }] }],
  }),
  'a page of its own': (text = 'one') => ({
    conversationId: id,
    begin: true,
    messages: [{ id: messageId, role: 'user', content: text }],
  }),
  'a page that sends texts': (text = 'one') => ({
    conversationId: id,
    begin: true,
    message: text,
    userMessageId: messageId,
  }),
}
const pages = Object.keys(posts) as (keyof typeof posts)[]
const protocols = ['sse', 'ui-message', 'ndjson', 'text', 'whole'] as const
const stores = { memory: createMemoryStore, SQLite: () => createSqliteStore({ path: ':memory:' }) }

function saysAnswer({ status, text }: Reply): boolean {
  return status === 200 && /About|one\./.test(text)
}

test.each(pages.flatMap((page) => protocols.map((protocol) => [page, protocol] as const)))(
  'a post of %s again, as %s, gets the stored answer, and nothing is stored, asked or charged twice',
  async (page, protocol) => {
    const limits = { user: { requestsPerMinute: 2, burst: 2 } }
    const whole = protocol === 'whole'
    const it = await site(
      { script: ({ prompt }) => `About ${prompt}.`, orchestrator: { limits } },
      { protocol: whole ? 'sse' : protocol },
    )
    const body = { ...posts[page](), stream: !whole }
    const [first, again, third] = [await it.ask(body), await it.ask(body), await it.ask(body)]
    for (const reply of [first, again, third]) {
      expect(saysAnswer(reply)).toBe(true)
      for (const name of ['x-conversation-id', 'x-message-id', 'x-user-message-id'])
        expect(reply.headers.get(name)).toBe(first.headers.get(name))
    }
    expect(it.provider.log).toHaveLength(1)
    expect(await keptTurns(it.store, id)).toEqual(['user: one', 'assistant: About one.'])
    expect((await it.chats.usage({ identity: ada })).calls).toBe(1)
    await it.chats.send({ identity: ada, conversationId: id, message: 'two' })
  },
)

test.each(Object.entries(stores))('posts at once are one turn in %s', async (_name, make) => {
  await using store = make()
  const it = await site({
    store,
    script: ({ prompt }) => ({ text: `About ${prompt}.`, pacing: { firstMs: 20, betweenMs: 5 } }),
  })
  const replies = await Promise.all([0, 1, 2, 3].map(() => it.ask(posts['the AI SDK']())))
  expect(replies.map(saysAnswer)).toEqual([true, true, true, true])
  expect(it.provider.log).toHaveLength(1)
  expect(await keptTurns(store, id)).toEqual(['user: one', 'assistant: About one.'])
  expect((await it.chats.list({ identity: ada })).data.map((one) => one.id)).toEqual([id])
})

test('a post again after a failure answers the message that is stored', async () => {
  const it = await site({ script: [{ error: 'server-failed' }, 'At last.'] })
  const failed = await it.ask(posts['the AI SDK']())
  expect(failed.text).toContain('"error"')
  const again = await it.ask(posts['the AI SDK']())
  expect(again.text).toContain('At')
  expect(await keptTurns(it.store, id)).toEqual(['user: one', 'assistant: At last.'])
})

test('an id of another text, or of another member, stays a conflict', async () => {
  const it = await site()
  await it.ask(posts['the AI SDK']())
  const other = await it.ask(posts['the AI SDK']('two'))
  expect(other.status).toBe(409)
  expect(other.text).toContain(messageId)
  await it.chats.setMember({ identity: ada, conversationId: id, member: { userId: 'bob', role: 'member' } })
  const body = { ...posts['a page of its own'](), begin: false }
  expect((await it.ask(body, 'bob')).status).toBe(409)
  expect(await keptTurns(it.store, id)).toHaveLength(2)
})

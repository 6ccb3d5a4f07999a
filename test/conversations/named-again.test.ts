import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { createSqliteStore } from 'llm-switchyard/persistence/sqlite'
import { expect, test } from 'vitest'
import { ada, host, keptTurns } from './chat-host.ts'

const identity = ada
const stores = { memory: createMemoryStore, SQLite: () => createSqliteStore({ path: ':memory:' }) }
const conversationId = 'the-only-chat'

test.each(Object.entries(stores))(
  'a page clears its chat and begins it again under one id, as often as it likes, in %s',
  async (_name, make) => {
    await using store = make()
    await using it = await host({ store })
    const seen = new Set<string>()
    for (let time = 0; time < 40; time++) {
      const begun = { identity, conversationId, begin: true, message: `m${time}` }
      const first = time % 3 === 0 ? await it.chats.create({ identity, id: conversationId }) : undefined
      const turn = await it.chats.send(begun)
      if (first !== undefined) expect(turn.conversationId).toBe(first.id)
      expect(seen.has(turn.conversationId)).toBe(false)
      seen.add(turn.conversationId)
      await it.chats.send({ identity, conversationId, message: 'and' })
      expect(await keptTurns(store, turn.conversationId)).toHaveLength(4)
      expect((await it.chats.list({ identity })).data).toHaveLength(1)
      await it.chats.delete({ identity, conversationId, erase: time % 7 === 6 })
      await expect(it.chats.get({ identity, conversationId })).rejects.toMatchObject({ kind: 'not-found' })
      if (time % 7 === 6) seen.delete(turn.conversationId)
    }
  },
)

test('few reads find the conversation behind many deleted ones', async () => {
  await using store = createMemoryStore()
  await using it = await host({ store })
  for (let time = 0; time < 100; time++) {
    await it.chats.create({ identity, id: conversationId })
    await it.chats.delete({ identity, conversationId })
  }
  await it.chats.create({ identity, id: conversationId })
  let reads = 0
  const { get } = store.conversations
  store.conversations.get = (...given) => {
    reads++
    return get.apply(store.conversations, given)
  }
  await it.chats.locate({ identity, conversationId })
  expect(reads).toBeLessThan(20)
})

test('those of two users stay apart', async () => {
  await using it = await host()
  const users = [ada, { userId: 'eve' }, { userId: 'ada', orgId: 'acme' }]
  for (let time = 0; time < 4; time++) {
    const turns = await Promise.all(
      users.map((user) =>
        it.chats.send({ identity: user, conversationId, begin: true, message: user.userId }),
      ),
    )
    expect(new Set(turns.map((turn) => turn.conversationId)).size).toBe(3)
    for (const user of users) {
      expect((await it.chats.get({ identity: user, conversationId })).messages[0]?.content).toBe(user.userId)
      await it.chats.delete({ identity: user, conversationId })
    }
  }
})

import assert from 'node:assert/strict'
import type { ChatStoreUnit } from '../../conversations/index.ts'
import { nth, rejects, say, start, texts, type Trial } from './law.ts'

class Refusal extends Error {}

export const transactionTrials: readonly Trial[] = [
  [
    'a transaction that resolves is kept whole, and gives its result',
    async (store, ids) => {
      const made = await store.transaction(async (unit) => {
        const conversation = await unit.conversations.create({ userId: ids.user })
        await unit.messages.append(conversation.id, [{ role: 'user', content: 'Hello' }])
        // A transaction sees its own changes.
        assert.equal((await unit.conversations.get(conversation.id))?.messageCount, 1)
        assert.equal((await unit.messages.history(conversation.id, { limit: 1 })).length, 1)
        return conversation
      })
      assert.equal((await store.conversations.get(made.id))?.messageCount, 1)
    },
  ],
  [
    'a transaction that rejects leaves nothing behind',
    async (store, ids) => {
      const { id } = await start(store, ids, { title: 'old', members: [{ userId: 'bob', role: 'member' }] })
      const [first] = await say(store, id, 'first')
      const messageId = first?.id ?? ''
      await store.reactions.add(id, { messageId, userId: 'a', emoji: '1' })
      await store.reactions.add(id, { messageId, userId: 'b', emoji: '2' })
      const task = await store.tasks.add(id, { title: 't' })
      const before = [
        await store.conversations.get(id),
        await store.messages.list(id),
        await store.reactions.list(id, messageId),
      ]
      const usage = { inputTokens: 1, outputTokens: 1, totalTokens: 2 }
      const refused = store.transaction(async (unit) => {
        await unit.conversations.create({ userId: ids.user, requestId: ids.id('r') })
        await unit.messages.append(id, [{ role: 'user', content: 'second', requestId: 'r', usage }])
        await unit.messages.update(id, messageId, { content: 'changed' })
        await unit.conversations.update(id, { title: 'new' })
        await unit.conversations.removeMember(id, 'bob')
        await unit.reactions.toggle(id, { messageId, userId: 'a', emoji: '1' })
        await unit.reactions.toggle(id, { messageId, userId: 'c', emoji: '3' })
        await unit.tasks.delete(id, task.id)
        await unit.summaries.save(id, { text: 's', upToSequence: 1 })
        await unit.usage.add(ids.user, { usage })
        await unit.messages.wipe(id, messageId)
        await unit.conversations.erase(id)
        throw new Refusal('no')
      })
      await assert.rejects(refused, Refusal)
      assert.deepEqual(
        [
          await store.conversations.get(id),
          await store.messages.list(id),
          await store.reactions.list(id, messageId),
        ],
        before,
      )
      assert.deepEqual(await store.tasks.list(id), [task])
      assert.equal(await store.summaries.latest(id), undefined)
      assert.equal((await store.usage.get(ids.user)).totalTokens, 0)
      assert.equal(await store.conversations.findByRequest(ids.user, ids.id('r')), undefined)
      assert.deepEqual(await store.messages.findByRequest(id, 'r'), [])
      assert.deepEqual((await store.messages.search({ conversationId: id, text: 'second' })).items, [])
      assert.equal((await store.messages.search({ conversationId: id, text: 'first' })).items.length, 1)
      const next = nth(await say(store, id, 'next'), 0)
      assert.equal(next.sequence, 2, 'no place is lost')
    },
  ],
  [
    'a step that fails inside a transaction and is caught leaves the rest',
    async (store, ids) => {
      const { id } = await start(store, ids)
      await store.transaction(async (unit) => {
        await unit.messages.append(id, [{ role: 'user', content: 'a', requestId: 'r' }])
        await rejects(
          unit.messages.append(id, [
            { role: 'user', content: 'half' },
            { role: 'user', content: 'b', requestId: 'r' },
          ]),
          'conflict',
        )
        await rejects(unit.conversations.update(id, {}, { version: 9 }), 'conflict')
        await rejects(unit.conversations.create({ id, userId: ids.user }), 'conflict')
        await unit.messages.append(id, [{ role: 'user', content: 'c' }])
      })
      assert.deepEqual(texts(await store.messages.history(id, { limit: 9 })), ['a', 'c'])
    },
  ],
  [
    'others see nothing of a transaction before its end',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const inside = Promise.withResolvers<void>()
      const may = Promise.withResolvers<void>()
      const running = store.transaction(async (unit) => {
        await unit.messages.append(id, [{ role: 'user', content: 'a' }])
        inside.resolve()
        await may.promise
        await unit.messages.append(id, [{ role: 'assistant', content: 'b' }])
      })
      await inside.promise
      // A store may return the state before the transaction or wait for its end, but no partial state.
      const seen = store.messages.history(id, { limit: 9 })
      may.resolve()
      await running
      assert((await seen).length !== 1, 'half a transaction was seen')
      assert.equal((await store.messages.history(id, { limit: 9 })).length, 2)
    },
  ],
  [
    'transactions on one conversation lose no update of each other',
    async (store, ids) => {
      const { id } = await start(store, ids, { metadata: { count: 0 } })
      const addOne = (): Promise<unknown> =>
        store.transaction(async (unit) => {
          const conversation = await unit.conversations.get(id)
          const count = Number(conversation?.metadata['count']) + 1
          await unit.messages.append(id, [{ role: 'user', content: 'x' }])
          await unit.conversations.update(id, { metadata: { count } })
        })
      await Promise.all(Array.from({ length: 20 }, addOne))
      const conversation = await store.conversations.get(id)
      assert.deepEqual(conversation?.metadata, { count: 20 })
      assert.equal(conversation.messageCount, 20)
    },
  ],
  [
    'a unit is of no use after its transaction',
    async (store, ids) => {
      const { id } = await start(store, ids)
      let kept: ChatStoreUnit | undefined
      await store.transaction(async (unit) => void (kept = unit))
      assert(kept !== undefined)
      await rejects(say(kept, id, 'late'), 'misconfigured')
      assert.equal((await store.conversations.get(id))?.messageCount, 0)
    },
  ],
  [
    'an aborted signal refuses, and nothing is written',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const signal = AbortSignal.abort()
      await rejects(store.messages.append(id, [{ role: 'user', content: 'a' }], { signal }), 'aborted')
      await rejects(store.messages.history(id, { limit: 1 }, { signal }), 'aborted')
      await rejects(store.conversations.create({ userId: ids.user }, { signal }), 'aborted')
      await rejects(store.conversations.list({ userId: ids.user }, { signal }), 'aborted')
      await rejects(
        store.transaction((unit) => unit.conversations.create({ userId: ids.user }), { signal }),
        'aborted',
      )
      const leaving = new AbortController()
      const left = store.transaction(
        async (unit) => {
          await unit.messages.append(id, [{ role: 'user', content: 'a' }])
          leaving.abort()
        },
        { signal: leaving.signal },
      )
      await rejects(left, 'aborted')
      assert.equal((await store.conversations.list({ userId: ids.user })).items.length, 1)
      assert.equal((await store.conversations.get(id))?.messageCount, 0)
    },
  ],
  [
    'after its end a store refuses, and ending it twice is no fault',
    async (store, ids) => {
      const { id } = await start(store, ids)
      await store.close()
      await store.close()
      await rejects(store.conversations.get(id), 'misconfigured')
      await rejects(
        store.transaction(async () => undefined),
        'misconfigured',
      )
    },
  ],
]

import assert from 'node:assert/strict'
import { nth, rejects, say, start, type Trial } from './law.ts'

export const partTrials: readonly Trial[] = [
  [
    'a reaction is there once, and toggling it again takes it away',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const { id: messageId } = nth(await say(store, id, 'Hello'), 0)
      const key = { messageId, userId: 'bob', emoji: '👍' }
      assert.equal(await store.reactions.toggle(id, key), true)
      assert.equal(await store.reactions.add(id, key), false)
      const [reaction] = await store.reactions.list(id, messageId)
      assert.deepEqual({ ...reaction, createdAt: 0 }, { ...key, conversationId: id, createdAt: 0 })
      assert.equal(await store.reactions.toggle(id, key), false)
      assert.equal(await store.reactions.remove(id, key), false)
      assert.deepEqual(await store.reactions.list(id, messageId), [])
      await rejects(store.reactions.toggle(id, { ...key, messageId: ids.id('none') }), 'not-found')
      await rejects(store.reactions.toggle(id, { ...key, emoji: '' }), 'invalid-request')
    },
  ],
  [
    'any emoji is one of its own',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const { id: messageId } = nth(await say(store, id, 'Hello'), 0)
      const emojis = ['👍', '👍🏽', '❤️', '❤', '👨‍👩‍👧', '🇩🇪', '1️⃣', ':shipit:', 'é']
      for (const emoji of emojis) await store.reactions.add(id, { messageId, userId: 'bob', emoji })
      assert.equal(await store.reactions.add(id, { messageId, userId: 'bob', emoji: 'e\u0301' }), false)
      assert.deepEqual(
        (await store.reactions.list(id, messageId)).map(({ emoji }) => emoji),
        emojis,
      )
    },
  ],
  [
    'reactions are grouped by message and emoji',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const [a, b, c] = await say(store, id, 'a', 'b', 'c')
      const react = (messageId: string | undefined, userId: string, emoji: string): Promise<boolean> =>
        store.reactions.toggle(id, { messageId: messageId ?? '', userId, emoji })
      await react(a?.id, 'bob', '🎉')
      await react(a?.id, 'eve', '👍')
      await react(a?.id, 'kim', '🎉')
      await react(b?.id, 'bob', '🎉')
      await react(c?.id, 'bob', '🎉')
      const groups = await store.reactions.groups(id, [a?.id ?? '', b?.id ?? '', ids.id('none')])
      assert.deepEqual(groups, [
        { messageId: a?.id, emoji: '🎉', count: 2, userIds: ['bob', 'kim'] },
        { messageId: a?.id, emoji: '👍', count: 1, userIds: ['eve'] },
        { messageId: b?.id, emoji: '🎉', count: 1, userIds: ['bob'] },
      ])
      assert.deepEqual(await store.reactions.groups(id, []), [])
    },
  ],
  [
    'reactions at once stay unique, and every toggle counts',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const { id: messageId } = nth(await say(store, id, 'Hello'), 0)
      const key = { messageId, userId: 'bob', emoji: '👍' }
      const added = await Promise.all(Array.from({ length: 30 }, () => store.reactions.add(id, key)))
      assert.equal(added.filter(Boolean).length, 1)
      const toggled = await Promise.all(Array.from({ length: 31 }, () => store.reactions.toggle(id, key)))
      assert.equal(toggled.filter(Boolean).length, 15)
      assert.deepEqual(await store.reactions.list(id, messageId), [])
    },
  ],
  [
    'attachments are added, listed in order, linked and deleted',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const message = nth(await say(store, id, 'see'), 0)
      const given = {
        userId: ids.user,
        name: 'Bücher \u0000.txt',
        mediaType: 'text/plain',
        sizeBytes: 12,
        text: 'content\u0000',
        metadata: { pages: 2 },
      }
      const first = await store.attachments.add(id, given)
      for (const [name, value] of Object.entries(given))
        assert.deepEqual(first[name as keyof typeof first], value, name)
      assert.deepEqual(await store.attachments.get(id, first.id), first)
      const picture = { ...given, name: 'b.png', url: 'https://example.test/b.png', text: undefined }
      const second = await store.attachments.add(id, { ...picture, messageId: message.id })
      const third = await store.attachments.add(id, { ...given, name: 'c', data: 'AAAA' })
      assert.deepEqual((await store.attachments.list(id)).items, [first, second, third])
      assert.deepEqual((await store.attachments.list(id, { messageId: message.id })).items, [second])
      const page = await store.attachments.list(id, { limit: 2, withTotal: true })
      assert.equal(page.total, 3)
      await store.attachments.delete(id, second.id)
      assert.deepEqual((await store.attachments.list(id, { cursor: page.nextCursor })).items, [third])
      await store.attachments.link(id, { ids: [first.id, third.id], messageId: message.id })
      assert.equal((await store.attachments.get(id, first.id))?.messageId, message.id)
      await rejects(
        store.attachments.link(id, { ids: [first.id, ids.id('none')], messageId: message.id }),
        'not-found',
      )
      assert.equal(await store.attachments.delete(id, first.id), true)
      assert.equal(await store.attachments.delete(id, first.id), false)
      await rejects(store.attachments.add(ids.id('none'), given), 'not-found')
      await rejects(store.attachments.add(id, { ...given, sizeBytes: -1 }), 'invalid-request')
      await rejects(store.attachments.add(id, { ...given, id: third.id }), 'conflict')
    },
  ],
  [
    'tasks are added, changed with times, and deleted',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const first = await store.tasks.add(id, { title: 'write', metadata: { archetype: 'doc' } })
      assert.equal(first.status, 'pending')
      assert.equal(first.createdAt, first.updatedAt)
      const second = await store.tasks.add(id, { title: 'test', status: 'in-progress', description: 'd' })
      const done = await store.tasks.update(id, first.id, { status: 'completed' }, { version: 1 })
      assert.equal(done.version, 2)
      assert.deepEqual(done.metadata, { archetype: 'doc' })
      assert(done.updatedAt >= done.createdAt)
      await rejects(store.tasks.update(id, first.id, { title: 'x' }, { version: 1 }), 'conflict')
      await rejects(store.tasks.update(id, ids.id('none'), { title: 'x' }), 'not-found')
      await rejects(store.tasks.update(id, first.id, { status: 'lost' as never }), 'invalid-request')
      const emptied = await store.tasks.update(id, second.id, { description: null })
      assert(!('description' in emptied))
      assert.deepEqual(await store.tasks.list(id), [done, emptied])
      assert.equal(await store.tasks.delete(id, first.id), true)
      assert.equal(await store.tasks.delete(id, first.id), false)
      assert.deepEqual(await store.tasks.list(id), [emptied])
    },
  ],
  [
    'the summary that reaches furthest is the latest',
    async (store, ids) => {
      const { id } = await start(store, ids)
      assert.equal(await store.summaries.latest(id), undefined)
      const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 }
      const far = await store.summaries.save(id, { text: 'far', upToSequence: 20, model: 'm', usage })
      const near = await store.summaries.save(id, { text: 'near', upToSequence: 10 })
      assert.deepEqual(await store.summaries.latest(id), far)
      const again = await store.summaries.save(id, { text: 'again', upToSequence: 20 })
      assert.deepEqual(await store.summaries.latest(id), again)
      const page = await store.summaries.list(id, { limit: 2 })
      assert.deepEqual(page.items, [again, far])
      assert.deepEqual((await store.summaries.list(id, { cursor: page.nextCursor })).items, [near])
    },
  ],
  [
    "a user's totals are exact when several callers add concurrently",
    async (store, ids) => {
      const fresh = await store.usage.get(ids.user)
      assert.deepEqual([fresh.totalTokens, fresh.costUsd, fresh.conversationCount], [0, 0, 0])
      assert(!('lastUsedAt' in fresh))
      const { id } = await start(store, ids)
      const deleted = await start(store, ids)
      await say(store, id, 'a', 'b')
      await store.conversations.delete(deleted.id)
      const usage = { inputTokens: 2, outputTokens: 1, totalTokens: 3 }
      await Promise.all(
        Array.from({ length: 200 }, (_, at) =>
          store.usage.add(ids.user, { usage, costUsd: at === 0 ? null : 0.1 }),
        ),
      )
      const totals = await store.usage.get(ids.user)
      assert.equal(totals.totalTokens, 600)
      assert.equal(totals.inputTokens, 400)
      assert.equal(totals.costUsd, 19.9)
      assert.equal(totals.calls, 200)
      assert.equal(totals.unpricedCalls, 1)
      assert.equal(totals.conversationCount, 1)
      assert.equal(totals.messageCount, 2)
      assert(totals.lastUsedAt !== undefined)
      assert.equal((await store.usage.get(ids.id('other'))).calls, 0)
      await rejects(store.usage.add(ids.user, { usage: { ...usage, inputTokens: -1 } }), 'invalid-request')
    },
  ],
  [
    'equal user ids of two organisations are two users with totals of their own',
    async (store, ids) => {
      const usage = { inputTokens: 2, outputTokens: 1, totalTokens: 3 }
      const users = [undefined, ids.id('one'), ids.id('two')].map((orgId) => ({ userId: ids.user, orgId }))
      for (const [at, user] of users.entries()) {
        const { id } = await start(store, ids, { orgId: user.orgId })
        await say(store, id, ...Array.from({ length: at + 1 }, () => 'a'))
        for (let call = 0; call <= at; call++) await store.usage.add(user, { usage, costUsd: 0.1 })
      }
      const totals = await Promise.all(users.map((user) => store.usage.get(user)))
      assert.deepEqual(
        totals.map((of) => [of.totalTokens, of.calls, of.conversationCount, of.messageCount, of.orgId]),
        users.map(({ orgId }, at) => [3 * (at + 1), at + 1, 1, at + 1, orgId]),
      )
      assert.deepEqual(await store.usage.get(ids.user), totals[0])
      await rejects(store.usage.add({ userId: '', orgId: ids.id('one') }, { usage }), 'invalid-request')
    },
  ],
]

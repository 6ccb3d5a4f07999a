import assert from 'node:assert/strict'
import type { Conversation, Page } from '../../conversations/index.ts'
import { rejects, say, start, type Trial } from './law.ts'

const idsOf = ({ items }: Page<Conversation>): readonly string[] => items.map(({ id }) => id)

export const conversationTrials: readonly Trial[] = [
  [
    'a new conversation is empty, active and at version 1',
    async (store, ids) => {
      const made = await start(store, ids, { title: 'First' })
      assert.deepEqual(await store.conversations.get(made.id), made)
      assert.equal(made.userId, ids.user)
      assert.equal(made.title, 'First')
      assert.equal(made.status, 'active')
      assert.equal(made.messageCount, 0)
      assert.equal(made.lastSequence, 0)
      assert.equal(made.version, 1)
      assert.equal(made.rootId, made.id)
      assert.equal(made.usage.totalTokens, 0)
      assert.deepEqual(made.members, [])
      assert.deepEqual(made.metadata, {})
      assert.equal(made.createdAt, made.updatedAt)
      assert.equal(made.lastActivityAt, made.createdAt)
      assert(!('deletedAt' in made) && !('rating' in made), 'what was left out is not there')
    },
  ],
  [
    'every field comes back as it was given',
    async (store, ids) => {
      const given = {
        id: ids.id('c'),
        orgId: 'org',
        projectId: 'project',
        title: "Ünïcode 鍵 🔑 '; drop table conversations; -- \u0000 \ud800",
        summary: 'short',
        personaId: 'persona',
        model: 'openai/gpt-4.1-mini',
        temperature: 0.7,
        status: 'completed' as const,
        rating: 5,
        metadata: { branch: 'main', nested: { list: [1, null, 'x', { y: true }] }, ['__proto__']: 'own' },
        members: [{ userId: 'bob', role: 'editor' as const }],
        requestId: ids.id('r'),
        createdAt: 1_600_000_000_000,
      }
      const made = await start(store, ids, given)
      for (const [name, value] of Object.entries(given))
        assert.deepEqual(made[name as keyof Conversation], value, name)
      assert.deepEqual(await store.conversations.get(given.id), made)
    },
  ],
  [
    'an id is taken once, also by a deleted conversation',
    async (store, ids) => {
      const { id } = await start(store, ids)
      await rejects(start(store, ids, { id }), 'conflict', 'id-taken')
      await store.conversations.delete(id)
      await rejects(start(store, ids, { id }), 'conflict', 'id-taken')
    },
  ],
  [
    'a request creates one conversation per user, also when it comes 20 times at once',
    async (store, ids) => {
      const requestId = ids.id('r')
      const tries = await Promise.allSettled(
        Array.from({ length: 20 }, () => start(store, ids, { requestId })),
      )
      assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1)
      await rejects(start(store, ids, { requestId }), 'conflict', 'duplicate-request')
      const found = await store.conversations.findByRequest(ids.user, requestId)
      assert.equal(found?.requestId, requestId)
      assert.equal(await store.conversations.findByRequest(ids.id('other'), requestId), undefined)
      await store.conversations.create({ userId: ids.id('other'), requestId })
    },
  ],
  [
    'equal user ids of two organisations are two users with requests of their own',
    async (store, ids) => {
      const requestId = ids.id('r')
      const places = [undefined, ids.id('one'), ids.id('two')]
      const made = await Promise.all(places.map((orgId) => start(store, ids, { requestId, orgId })))
      for (const [at, orgId] of places.entries()) {
        await rejects(start(store, ids, { requestId, orgId }), 'conflict', 'duplicate-request')
        const found = await store.conversations.findByRequest({ userId: ids.user, orgId }, requestId)
        assert.equal(found?.id, made[at]?.id)
      }
      const own = await store.conversations.findByRequest(ids.user, requestId)
      assert.equal(own?.id, made[0]?.id)
      const stranger = { userId: ids.user, orgId: ids.id('three') }
      assert.equal(await store.conversations.findByRequest(stranger, requestId), undefined)
    },
  ],
  [
    'what is no conversation is refused, and nothing is stored',
    async (store, ids) => {
      await rejects(start(store, ids, { rating: 6 }), 'invalid-request')
      await rejects(start(store, ids, { rating: 1.5 }), 'invalid-request')
      await rejects(start(store, ids, { temperature: Number.NaN }), 'invalid-request')
      await rejects(start(store, ids, { id: '' }), 'invalid-request')
      await rejects(start(store, ids, { id: 'a\nb' }), 'invalid-request')
      await rejects(start(store, ids, { status: 'open' as never }), 'invalid-request')
      await rejects(start(store, ids, { metadata: { far: 1n } as never }), 'invalid-request')
      await rejects(start(store, ids, { members: [{ userId: ids.user, role: 'member' }] }), 'invalid-request')
      assert.equal((await store.conversations.list({ userId: ids.user })).items.length, 0)
    },
  ],
  [
    'a change keeps what it does not name, and null empties',
    async (store, ids) => {
      const { id } = await start(store, ids, { title: 'a', summary: 's', rating: 2, metadata: { a: 1 } })
      const changed = await store.conversations.update(id, { title: 'b', rating: null })
      assert.equal(changed.title, 'b')
      assert.equal(changed.summary, 's')
      assert.equal(changed.rating, undefined)
      assert.deepEqual(changed.metadata, { a: 1 })
      assert.equal(changed.version, 2)
      assert.deepEqual(await store.conversations.get(id), changed)
      await rejects(store.conversations.update(id, { rating: 0 }), 'invalid-request')
      await rejects(store.conversations.update(ids.id('none'), { title: 'x' }), 'not-found')
    },
  ],
  [
    'of 20 changes from one version exactly one is made',
    async (store, ids) => {
      const { id, version } = await start(store, ids)
      const tries = await Promise.allSettled(
        Array.from({ length: 20 }, (_, at) =>
          store.conversations.update(id, { title: `t${at}` }, { version }),
        ),
      )
      assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1)
      assert.equal((await store.conversations.get(id))?.version, version + 1)
      await rejects(store.conversations.update(id, { title: 'late' }, { version }), 'conflict')
    },
  ],
  [
    'appending a message is no change of version',
    async (store, ids) => {
      const { id, version } = await start(store, ids)
      await say(store, id, 'Hello')
      await store.conversations.update(id, { title: 'x' }, { version })
    },
  ],
  [
    'a title is given once, also when 20 try',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const given = await Promise.all(
        Array.from({ length: 20 }, (_, at) => store.conversations.titleOnce(id, `t${at}`)),
      )
      assert.equal(given.filter(Boolean).length, 1)
      assert.equal((await store.conversations.get(id))?.title, `t${given.indexOf(true)}`)
      await rejects(store.conversations.titleOnce(ids.id('none'), 'x'), 'not-found')
    },
  ],
  [
    'members are added, changed and removed; no change of one is lost',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const names = Array.from({ length: 10 }, (_, at) => `user-${at}`)
      await Promise.all(names.map((userId) => store.conversations.setMember(id, { userId, role: 'member' })))
      await store.conversations.setMember(id, { userId: 'user-3', role: 'admin' })
      const { members } = await store.conversations.removeMember(id, 'user-4')
      assert.deepEqual(
        members.map(({ userId }) => userId).toSorted(),
        names.filter((name) => name !== 'user-4'),
      )
      assert.equal(members.find(({ userId }) => userId === 'user-3')?.role, 'admin')
      await store.conversations.removeMember(id, 'stranger')
      await rejects(
        store.conversations.setMember(id, { userId: 'x', role: 'king' as never }),
        'invalid-request',
      )
    },
  ],
  [
    'a list needs a user or an organisation',
    async (store, ids) => {
      const other = ids.id('other')
      const org = ids.id('org')
      const own = await start(store, ids)
      const shared = await store.conversations.create({
        userId: other,
        orgId: org,
        projectId: 'p',
        members: [{ userId: ids.user, role: 'viewer' }],
      })
      const foreign = await store.conversations.create({ userId: other, orgId: org })
      assert.deepEqual(idsOf(await store.conversations.list({ userId: ids.user })), [own.id])
      assert.deepEqual(
        new Set(idsOf(await store.conversations.list({ participantId: ids.user }))),
        new Set([own.id, shared.id]),
      )
      assert.deepEqual(
        new Set(idsOf(await store.conversations.list({ orgId: org }))),
        new Set([shared.id, foreign.id]),
      )
      assert.deepEqual(idsOf(await store.conversations.list({ orgId: org, projectId: 'p' })), [shared.id])
      assert.deepEqual(idsOf(await store.conversations.list({ userId: ids.user, orgId: org })), [])
      await rejects(store.conversations.list({}), 'invalid-request')
      await rejects(store.conversations.list({ userId: undefined }), 'invalid-request')
    },
  ],
  [
    'a list is filtered by status, persona, parent and words of the title',
    async (store, ids) => {
      const a = await start(store, ids, { title: 'Analytical Engine', status: 'archived', personaId: 'p' })
      const b = await start(store, ids, { title: '分析機関の notes', parentId: a.id })
      await start(store, ids)
      const list = async (more: object): Promise<readonly string[]> =>
        idsOf(await store.conversations.list({ userId: ids.user, ...more }))
      assert.deepEqual(await list({ status: 'archived' }), [a.id])
      assert.deepEqual(await list({ personaId: 'p' }), [a.id])
      assert.deepEqual(await list({ parentId: a.id }), [b.id])
      assert.deepEqual(await list({ search: 'ENG anal' }), [a.id])
      assert.deepEqual(await list({ search: '機関' }), [b.id])
      assert.deepEqual(await list({ search: 'ngine' }), [])
      assert.deepEqual(await list({ search: '%' }), [])
      assert.equal((await list({ search: '' })).length, 3)
    },
  ],
  [
    'lists come newest activity first, or newest first, in pages with a total',
    async (store, ids) => {
      const made: string[] = []
      for (let at = 0; at < 5; at++) made.push((await start(store, ids, { createdAt: 1000 + at })).id)
      const byCreation = await store.conversations.list({ userId: ids.user, sortBy: 'created' })
      assert.deepEqual(idsOf(byCreation), made.toReversed())
      await store.conversations.update(made[1] as string, { title: 'now' })
      const byActivity = await store.conversations.list({ userId: ids.user, limit: 1, withTotal: true })
      assert.deepEqual(idsOf(byActivity), [made[1]])
      assert.equal(byActivity.total, 5)
      assert(byActivity.nextCursor !== undefined)
      const second = await store.conversations.list({
        userId: ids.user,
        sortBy: 'created',
        offset: 3,
        limit: 2,
      })
      assert.deepEqual(idsOf(second), [made[1], made[0]])
      assert.equal(second.nextCursor, undefined)
      assert.equal(second.total, undefined)
    },
  ],
  [
    'pages of conversations stay stable while others are started',
    async (store, ids) => {
      const made = new Set<string>()
      for (let at = 0; at < 12; at++) made.add((await start(store, ids, { createdAt: 1000 })).id)
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page: Page<Conversation> = await store.conversations.list({
          userId: ids.user,
          limit: 5,
          cursor,
        })
        seen.push(...idsOf(page))
        await start(store, ids)
        cursor = page.nextCursor
      } while (cursor !== undefined)
      assert.equal(seen.length, 12)
      assert.deepEqual(new Set(seen), made)
    },
  ],
  [
    'a query that is none is refused',
    async (store, ids) => {
      const { id } = await start(store, ids)
      await say(store, id, 'a', 'b')
      const userId = ids.user
      for (const limit of [0, -1, 201, 1.5, Number.NaN])
        await rejects(store.conversations.list({ userId, limit }), 'invalid-request')
      await rejects(store.conversations.list({ userId, offset: -1 }), 'invalid-request')
      await rejects(store.conversations.list({ userId, cursor: 'nonsense' }), 'invalid-request')
      const { nextCursor } = await store.messages.list(id, { limit: 1 })
      await rejects(store.conversations.list({ userId, cursor: nextCursor }), 'invalid-request')
      await rejects(store.messages.history(id, { limit: 0 }), 'invalid-request')
      await rejects(store.messages.search({ text: 'a' }), 'invalid-request')
      await rejects(
        store.messages.history(id, { limit: 1, roles: ["x' or 1=1"] as never }),
        'invalid-request',
      )
      await rejects(store.messages.list(id, { roles: ['robot'] as never }), 'invalid-request')
      await rejects(store.messages.list(id, { before: Number.NaN }), 'invalid-request')
      await rejects(store.messages.activate(id, { offAfter: 0.5 }), 'invalid-request')
    },
  ],
  [
    'a deleted conversation is missing with all in it, until it is restored',
    async (store, ids) => {
      const { id } = await start(store, ids, { title: 'x' })
      await say(store, id, 'Hello')
      assert.equal(await store.conversations.delete(id), true)
      assert.equal(await store.conversations.delete(id), false)
      assert.equal(await store.conversations.get(id), undefined)
      assert((await store.conversations.get(id, { deleted: true }))?.deletedAt !== undefined)
      assert.deepEqual(idsOf(await store.conversations.list({ userId: ids.user })), [])
      assert.deepEqual(idsOf(await store.conversations.list({ userId: ids.user, deleted: true })), [id])
      assert.deepEqual((await store.messages.list(id)).items, [])
      assert.deepEqual(await store.messages.history(id, { limit: 5 }), [])
      await rejects(say(store, id, 'More'), 'not-found')
      await rejects(store.conversations.update(id, { title: 'y' }), 'not-found')
      assert.equal(await store.conversations.restore(id), true)
      assert.equal(await store.conversations.restore(id), false)
      assert.equal((await store.messages.history(id, { limit: 5 })).length, 1)
    },
  ],
  [
    'an erased conversation is gone with all in it; its forks stay',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const [message] = await say(store, id, 'Hello')
      await store.reactions.add(id, { messageId: message?.id ?? '', userId: 'bob', emoji: '👍' })
      await store.attachments.add(id, { userId: 'bob', name: 'a', mediaType: 'text/plain', sizeBytes: 1 })
      await store.tasks.add(id, { title: 't' })
      await store.summaries.save(id, { text: 's', upToSequence: 1 })
      const fork = await start(store, ids, { parentId: id, forkedFromMessageId: message?.id })
      const forkOfFork = await start(store, ids, { parentId: fork.id })
      assert.equal(forkOfFork.rootId, id)
      assert.equal(await store.conversations.erase(id), true)
      assert.equal(await store.conversations.erase(id), false)
      assert.equal(await store.conversations.get(id, { deleted: true }), undefined)
      assert.equal(await store.conversations.restore(id), false)
      const left = await store.conversations.get(fork.id)
      assert.equal(left?.parentId, undefined)
      assert.equal((await store.conversations.get(forkOfFork.id))?.parentId, fork.id)
      // The id can be used again, and no data of the old conversation appears.
      await start(store, ids, { id })
      assert.deepEqual((await store.messages.list(id, { deleted: true, inactive: true })).items, [])
      assert.deepEqual(await store.tasks.list(id), [])
      assert.deepEqual((await store.attachments.list(id)).items, [])
      assert.equal(await store.summaries.latest(id), undefined)
    },
  ],
  [
    'a fork needs its parent',
    async (store, ids) => {
      await rejects(start(store, ids, { parentId: ids.id('none') }), 'not-found')
    },
  ],
]

import assert from 'node:assert/strict'
import type { Page, StoredMessage } from '../../conversations/index.ts'
import { nth, rejects, say, start, texts, type Trial } from './law.ts'

const names = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => `m${from + at}`)

export const historyTrials: readonly Trial[] = [
  [
    'history is the newest messages, not the oldest, in order',
    async (store, ids) => {
      const { id } = await start(store, ids)
      await say(store, id, ...names(1, 50))
      assert.deepEqual(texts(await store.messages.history(id, { limit: 20 })), names(31, 50))
      assert.deepEqual(texts(await store.messages.history(id, { limit: 20, before: 31 })), names(11, 30))
      assert.deepEqual(texts(await store.messages.history(id, { limit: 20, before: 4 })), names(1, 3))
      assert.deepEqual(await store.messages.history(ids.id('none'), { limit: 20 }), [])
    },
  ],
  [
    'history may be of some roles, or of a thread',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const [system, root] = await store.messages.append(id, [
        { role: 'system', content: 'rules' },
        { role: 'user', content: 'root' },
      ])
      await store.messages.append(id, [
        { role: 'user', content: 'aside' },
        { role: 'assistant', content: 'reply', parentId: root?.id },
        { role: 'user', content: 'reply 2', parentId: root?.id },
      ])
      assert.deepEqual(await store.messages.history(id, { limit: 9, roles: ['system'] }), [system])
      assert.deepEqual(texts(await store.messages.history(id, { limit: 2, thread: root?.id })), [
        'reply',
        'reply 2',
      ])
      assert.deepEqual(texts(await store.messages.history(id, { limit: 9, thread: root?.id })), [
        'root',
        'reply',
        'reply 2',
      ])
      assert.deepEqual(
        texts(await store.messages.history(id, { limit: 9, roles: ['user', 'system'], before: 4 })),
        ['rules', 'root', 'aside'],
      )
    },
  ],
  [
    'variants: one is active, all are kept',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const [, first] = await store.messages.append(id, [
        { role: 'user', content: 'q' },
        { role: 'assistant', content: 'a1' },
      ])
      const variantOf = first?.id ?? ''
      const second = await store.transaction(async (unit) => {
        await unit.messages.activate(id, { off: [variantOf] })
        return nth(await unit.messages.append(id, [{ role: 'assistant', content: 'a2', variantOf }]), 0)
      })
      assert.deepEqual(texts(await store.messages.history(id, { limit: 9 })), ['q', 'a2'])
      assert.equal((await store.conversations.get(id))?.messageCount, 2)
      assert.equal(await store.messages.activate(id, { on: [variantOf], off: [second.id] }), 2)
      assert.equal(await store.messages.activate(id, { on: [variantOf] }), 0)
      assert.deepEqual(texts(await store.messages.history(id, { limit: 9 })), ['q', 'a1'])
      const variants = await store.messages.list(id, { variantsOf: variantOf })
      assert.deepEqual(texts(variants.items), ['a1', 'a2'])
      assert.deepEqual(
        variants.items.map(({ active }) => active),
        [true, false],
      )
      assert.equal((await store.messages.list(id)).items.length, 2)
      assert.equal((await store.messages.list(id, { inactive: true })).items.length, 3)
    },
  ],
  [
    'a tail is left in one step, or not at all',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const made = await say(store, id, ...names(1, 6))
      await rejects(store.messages.activate(id, { offAfter: 2, on: [ids.id('none')] }), 'not-found')
      assert.equal((await store.messages.history(id, { limit: 9 })).length, 6)
      assert.equal(await store.messages.activate(id, { offAfter: 2, on: [nth(made, 4).id] }), 3)
      assert.deepEqual(texts(await store.messages.history(id, { limit: 9 })), ['m1', 'm2', 'm5'])
      assert.equal((await store.conversations.get(id))?.messageCount, 3)
    },
  ],
  [
    'lists run from the oldest or the newest, in pages with a total',
    async (store, ids) => {
      const { id } = await start(store, ids)
      await say(store, id, ...names(1, 7))
      const first = await store.messages.list(id, { limit: 3, withTotal: true })
      assert.deepEqual(texts(first.items), names(1, 3))
      assert.equal(first.total, 7)
      const second = await store.messages.list(id, { limit: 3, cursor: first.nextCursor })
      assert.deepEqual(texts(second.items), names(4, 6))
      assert.equal(second.total, undefined)
      const last = await store.messages.list(id, { limit: 3, cursor: second.nextCursor })
      assert.deepEqual(texts(last.items), ['m7'])
      assert.equal(last.nextCursor, undefined)
      const newest = await store.messages.list(id, { limit: 2, order: 'newest', offset: 1 })
      assert.deepEqual(texts(newest.items), ['m6', 'm5'])
      const between = await store.messages.list(id, { after: 2, before: 5, withTotal: true })
      assert.deepEqual(texts(between.items), ['m3', 'm4'])
      assert.equal(between.total, 2)
      await rejects(store.messages.list(id, { order: 'newest', cursor: first.nextCursor }), 'invalid-request')
      await rejects(store.messages.list(id, { offset: 1, cursor: first.nextCursor }), 'invalid-request')
    },
  ],
  [
    'pages of messages stay stable while others are appended and deleted',
    async (store, ids) => {
      for (const order of ['oldest', 'newest'] as const) {
        const { id } = await start(store, ids)
        const made = await say(store, id, ...names(1, 20))
        const seen: string[] = []
        let cursor: string | undefined
        for (let turn = 0; turn === 0 || cursor !== undefined; turn++) {
          const page: Page<StoredMessage> = await store.messages.list(id, { limit: 6, order, cursor })
          seen.push(...texts(page.items))
          await Promise.all([say(store, id, `late ${turn}`), say(store, id, `later ${turn}`)])
          // Deleting messages of a page that was read must not shift the next pages.
          await store.messages.delete(id, page.items[0]?.id ?? '')
          cursor = turn > 20 ? undefined : page.nextCursor
        }
        const old = seen.filter((text) => !text.startsWith('late'))
        assert.deepEqual(old, order === 'oldest' ? texts(made) : texts(made).toReversed())
        assert.equal(new Set(seen).size, seen.length)
      }
    },
  ],
  [
    'threads: roots with the number of their replies, and the replies of each in order',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const [a, b, c] = await say(store, id, 'a', 'b', 'c')
      const reply = async (parentId: string | undefined, content: string): Promise<StoredMessage> =>
        nth(await store.messages.append(id, [{ role: 'user', content, parentId }]), 0)
      await reply(b?.id, 'b1')
      const nested = await reply(b?.id, 'b2')
      await reply(a?.id, 'a1')
      await reply(nested.id, 'b2a')
      const gone = await reply(c?.id, 'c1')
      await store.messages.delete(id, gone.id)
      const { items, total } = await store.messages.threads(id, { withTotal: true })
      assert.deepEqual(
        items.map(({ root, replyCount }) => [root.content, replyCount]),
        [
          ['a', 1],
          ['b', 2],
          ['b2', 1],
        ],
      )
      assert.equal(total, 3)
      assert(nth(items, 1).lastReplyAt >= nth(items, 1).root.createdAt)
      const first = await store.messages.threads(id, { limit: 2 })
      const second = await store.messages.threads(id, { limit: 2, cursor: first.nextCursor })
      assert.deepEqual(
        second.items.map(({ root }) => root.content),
        ['b2'],
      )
      assert.deepEqual(texts((await store.messages.list(id, { parentId: b?.id })).items), ['b1', 'b2'])
      assert.deepEqual(texts((await store.messages.list(id, { parentId: null })).items), ['a', 'b', 'c'])
    },
  ],
  [
    'search finds words by their beginnings, in any case and script, newest first',
    async (store, ids) => {
      const { id } = await start(store, ids)
      await say(
        store,
        id,
        'The Analytical Engine weaves',
        "algebraic patterns; o'clock 100% \u0000 C++ <b>naïve</b>",
        'ΑΝΑΛΥΤΙΚΗ μηχανή, Straße',
        '解析機関は代数を織る',
        'engine room',
      )
      await store.messages.append(id, [
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: 'hidden thought' },
            { type: 'text', text: 'Visible answer' },
          ],
        },
      ])
      const find = async (text: string): Promise<number> =>
        (await store.messages.search({ conversationId: id, text })).items.length
      const engines = await store.messages.search({ conversationId: id, text: 'ENGI' })
      assert.deepEqual(texts(engines.items), ['engine room', 'The Analytical Engine weaves'])
      const expected: readonly (readonly [string, number])[] = [
        ['engine analytic', 1],
        ['ngine', 0],
        ['αναλυτική', 0],
        ['αναλυτικη ΜΗΧ', 1],
        ['STRASSE', 0],
        ['straße', 1],
        ['機関', 1],
        ['代数 織', 1],
        ['関係', 0],
        ["o'clock", 1],
        ['naïve', 1],
        ['100%', 1],
        ['visible', 1],
        ['hidden', 0],
        ['', 0],
        ['%', 0],
        ['"', 0],
        ['engine OR algebraic', 0],
        ['engine*', 2],
        ["'; drop table messages; --", 0],
      ]
      for (const [text, count] of expected) assert.equal(await find(text), count, JSON.stringify(text))
    },
  ],
  [
    'a very long message is kept whole, and found by its beginning',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const long = Array.from({ length: 60_000 }, (_, at) => `wört${at}`).join(' ')
      const message = nth(await say(store, id, long), 0)
      assert.equal((await store.messages.get(id, message.id))?.content, long)
      assert.equal(
        (await store.messages.search({ conversationId: id, text: 'WÖRT77 wört78' })).items.length,
        1,
      )
    },
  ],
  [
    'search keeps to one conversation, or to those of a participant',
    async (store, ids) => {
      const other = ids.id('other')
      const own = await start(store, ids)
      const shared = await store.conversations.create({
        userId: other,
        members: [{ userId: ids.user, role: 'member' }],
      })
      const foreign = await store.conversations.create({ userId: other })
      for (const { id } of [own, shared, foreign]) await say(store, id, `needle in ${id}`, 'hay')
      const found = await store.messages.search({ participantId: ids.user, text: 'needle', withTotal: true })
      assert.deepEqual(
        new Set(found.items.map(({ conversationId }) => conversationId)),
        new Set([own.id, shared.id]),
      )
      assert.equal(found.total, 2)
      const strange = await store.messages.search({
        participantId: ids.user,
        conversationId: foreign.id,
        text: 'needle',
      })
      assert.deepEqual(strange.items, [])
      await store.conversations.delete(own.id)
      assert.equal((await store.messages.search({ participantId: ids.user, text: 'needle' })).items.length, 1)
    },
  ],
  [
    'search is paged, and passes over what is deleted or left',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const made = await say(store, id, ...names(1, 9).map((name) => `needle ${name}`))
      await store.messages.delete(id, nth(made, 0).id)
      await store.messages.activate(id, { off: [nth(made, 1).id] })
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page: Page<StoredMessage> = await store.messages.search({
          conversationId: id,
          text: 'needle',
          limit: 3,
          cursor,
        })
        seen.push(...texts(page.items))
        await say(store, id, 'needle later')
        cursor = page.nextCursor
      } while (cursor !== undefined)
      assert.deepEqual(
        seen,
        names(3, 9)
          .toReversed()
          .map((name) => `needle ${name}`),
      )
    },
  ],
]

import assert from 'node:assert/strict'
import type { NewMessage, StoredMessage } from '../../conversations/index.ts'
import { nth, rejects, say, start, texts, type Trial } from './law.ts'

const usage = { inputTokens: 10, outputTokens: 5, totalTokens: 15, cachedInputTokens: 4, reasoningTokens: 2 }

/** An answer that uses every field of a message. */
const rich: NewMessage = {
  role: 'assistant',
  content: [
    { type: 'reasoning', text: 'hm', signature: 's', details: [{ a: 1 }], origin: 'anthropic/messages' },
    { type: 'text', text: 'NUL \u0000, half a pair \ud83d, whole 😀, line\nend' },
    { type: 'tool-call', id: 'call_1', name: 'weather', arguments: { city: 'Köln', deep: [[1], null] } },
    { type: 'file', url: 'https://example.test/a.pdf', mediaType: 'application/pdf', filename: 'a.pdf' },
  ],
  name: 'Ada',
  provider: 'anthropic',
  model: 'claude-haiku-4-5',
  finishReason: 'tool-calls',
  usage,
  costUsd: 0.000_123_456,
  partial: true,
  metadata: { latencyMs: 12.5, tags: ['a'] },
}

export const messageTrials: readonly Trial[] = [
  [
    'a message gets the next place, and comes back as it was given',
    async (store, ids) => {
      const { id: conversationId } = await start(store, ids)
      const [turn] = await say(store, conversationId, 'Hello')
      const [answer] = await store.messages.append(conversationId, [
        { ...rich, id: ids.id('answer'), parentId: turn?.id },
      ])
      assert(turn !== undefined && answer !== undefined)
      assert.equal(turn.sequence, 1)
      assert.equal(answer.sequence, 2)
      assert(turn.active && !turn.partial && turn.version === 1)
      for (const [name, value] of Object.entries(rich))
        assert.deepEqual(answer[name as keyof StoredMessage], value, name)
      assert.deepEqual(await store.messages.get(conversationId, answer.id), answer)
      assert.deepEqual(await store.messages.history(conversationId, { limit: 9 }), [turn, answer])
      assert(!('usage' in turn) && !('costUsd' in turn) && !('editedAt' in turn) && !('requestId' in turn))
    },
  ],
  [
    'tool results and the bytes of images are kept',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const data = new Uint8Array([0, 1, 254, 255])
      const [image, result] = await store.messages.append(id, [
        { role: 'user', content: [{ type: 'image', data, mediaType: 'image/png' }] },
        { role: 'tool', toolCallId: 'call_1', name: 'weather', content: 'rain', isError: true },
      ])
      data.fill(7)
      assert.deepEqual(image?.content, [{ type: 'image', data: 'AAH+/w==', mediaType: 'image/png' }])
      assert.equal(result?.toolCallId, 'call_1')
      assert.equal(result.isError, true)
      assert.deepEqual(await store.messages.history(id, { limit: 2 }), [image, result])
    },
  ],
  [
    'what was given or handed out does not change what is kept',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const metadata = { list: [1] }
      const message = nth(await store.messages.append(id, [{ role: 'user', content: 'a', metadata }]), 0)
      metadata.list.push(2)
      try {
        ;(message.metadata as typeof metadata).list.push(3)
      } catch {
        // A store may return frozen records.
      }
      const [kept] = await store.messages.history(id, { limit: 1 })
      assert.deepEqual(kept?.metadata, { list: [1] })
    },
  ],
  [
    'several messages are appended all or none',
    async (store, ids) => {
      const { id } = await start(store, ids)
      await say(store, id, 'first')
      const good: NewMessage = { role: 'user', content: 'good', id: ids.id('good') }
      const bad: readonly (readonly [NewMessage, 'invalid-request' | 'conflict' | 'not-found'])[] = [
        [{ role: 'robot' as never, content: '' }, 'invalid-request'],
        [{ role: 'user', content: 7 as never }, 'invalid-request'],
        [{ role: 'user', content: 'x', id: good.id }, 'conflict'],
        [{ role: 'user', content: 'x', parentId: ids.id('none') }, 'not-found'],
        [{ role: 'user', content: 'x', variantOf: ids.id('none') }, 'not-found'],
        [{ role: 'user', content: 'x', usage: { ...usage, totalTokens: -1 } }, 'invalid-request'],
        [{ role: 'user', content: 'x', costUsd: Number.NaN }, 'invalid-request'],
      ]
      for (const [message, kind] of bad) await rejects(store.messages.append(id, [good, message]), kind)
      assert.deepEqual(texts(await store.messages.history(id, { limit: 9 })), ['first'])
      const conversation = await store.conversations.get(id)
      assert.equal(conversation?.messageCount, 1)
      assert.equal(conversation.lastSequence, 1)
      assert.equal((await say(store, id, 'next'))[0]?.sequence, 2)
      await rejects(say(store, ids.id('none'), 'x'), 'not-found')
      assert.deepEqual(await store.messages.append(id, []), [])
    },
  ],
  [
    'many messages in one append keep their order',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const all = Array.from({ length: 450 }, (_, at) => `m${at}`)
      const made = await say(store, id, ...all)
      assert.deepEqual(texts(made), all)
      assert.deepEqual(
        made.map(({ sequence }) => sequence),
        all.map((_, at) => at + 1),
      )
      assert.equal((await store.conversations.get(id))?.messageCount, 450)
      assert.deepEqual(texts(await store.messages.history(id, { limit: 3 })), all.slice(-3))
    },
  ],
  [
    '200 appends at once are in one total order without gaps, and none is lost',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const made = await Promise.all(
        Array.from({ length: 200 }, (_, at) =>
          store.messages.append(id, [
            { role: 'user', content: `q${at}` },
            { role: 'assistant', content: `a${at}`, usage, costUsd: 0.1 },
          ]),
        ),
      )
      const pairs = made.map((pair) => pair.map(({ sequence }) => sequence))
      assert.deepEqual(
        pairs.flat().toSorted((a, b) => a - b),
        Array.from({ length: 400 }, (_, at) => at + 1),
      )
      for (const [turn = 0, answer = 0] of pairs) assert.equal(answer, turn + 1)
      const conversation = await store.conversations.get(id)
      assert.equal(conversation?.messageCount, 400)
      assert.equal(conversation.lastSequence, 400)
      assert.equal(conversation.usage.totalTokens, 200 * 15)
      assert.equal(conversation.usage.calls, 200)
      assert.equal(conversation.usage.costUsd, 20, '200 dimes are 20 dollars exactly')
    },
  ],
  [
    'usage is summed; a cost that is not known makes the sum a lower bound',
    async (store, ids) => {
      const { id } = await start(store, ids)
      await store.messages.append(id, [
        { role: 'user', content: 'q' },
        { role: 'assistant', content: 'a', usage, costUsd: 0.25 },
        { role: 'assistant', content: 'b', usage, costUsd: null },
        { role: 'assistant', content: 'c', usage },
      ])
      const [, a, b, c] = await store.messages.history(id, { limit: 9 })
      assert.equal(a?.costUsd, 0.25)
      assert.equal(b?.costUsd, null)
      assert.equal(c?.costUsd, null)
      await store.messages.delete(id, a?.id ?? '')
      assert.deepEqual((await store.conversations.get(id))?.usage, {
        inputTokens: 30,
        outputTokens: 15,
        totalTokens: 45,
        cachedInputTokens: 12,
        reasoningTokens: 6,
        costUsd: 0.25,
        calls: 3,
        unpricedCalls: 2,
      })
    },
  ],
  [
    'a request writes each of its steps once, also when it comes 20 times at once',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const requestId = 'r1'
      const ask = (): Promise<unknown> =>
        store.messages.append(id, [{ role: 'user', content: 'q', requestId }])
      const tries = await Promise.allSettled(Array.from({ length: 20 }, ask))
      assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1)
      await rejects(ask(), 'conflict', 'duplicate-request')
      await store.messages.append(id, [
        { role: 'tool', content: 't', toolCallId: 'x', requestId, requestStep: 2 },
        { role: 'assistant', content: 'a', requestId, requestStep: 1 },
        { role: 'user', content: 'another', requestId: 'r2' },
      ])
      const found = await store.messages.findByRequest(id, requestId)
      assert.deepEqual(texts(found), ['q', 'a', 't'])
      assert.deepEqual(await store.messages.findByRequest(id, 'r3'), [])
      const other = await start(store, ids)
      await store.messages.append(other.id, [{ role: 'user', content: 'q', requestId }])
      await store.messages.delete(id, found[0]?.id ?? '')
      assert.equal((await store.messages.findByRequest(id, requestId)).length, 3)
    },
  ],
  [
    'a message is known in its own conversation only',
    async (store, ids) => {
      const [a, b] = [await start(store, ids), await start(store, ids)]
      const [message] = await say(store, a.id, 'secret')
      const id = message?.id ?? ''
      assert.equal(await store.messages.get(b.id, id), undefined)
      await rejects(store.messages.update(b.id, id, { content: 'x' }), 'not-found')
      assert.equal(await store.messages.delete(b.id, id), false)
      assert.equal(await store.messages.wipe(b.id, id), false)
      await rejects(store.messages.append(b.id, [{ role: 'user', content: 'x', parentId: id }]), 'not-found')
      await rejects(store.messages.activate(b.id, { off: [id] }), 'not-found')
      const key = { messageId: id, userId: 'eve', emoji: '👍' }
      await rejects(store.reactions.toggle(b.id, key), 'not-found')
      await rejects(
        store.attachments.add(b.id, {
          userId: 'eve',
          name: 'n',
          mediaType: 'm',
          sizeBytes: 1,
          messageId: id,
        }),
        'not-found',
      )
      assert.deepEqual(texts(await store.messages.history(a.id, { limit: 2 })), ['secret'])
    },
  ],
  [
    'an edit marks the message, counts its version and is found by search',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const message = nth(await say(store, id, 'first words'), 0)
      const edited = await store.messages.update(id, message.id, { content: 'second thoughts' })
      assert.equal(edited.version, 2)
      assert(edited.editedAt !== undefined)
      assert.equal(edited.sequence, message.sequence)
      assert.deepEqual(await store.messages.get(id, message.id), edited)
      await rejects(store.messages.update(id, message.id, { content: 'x' }, { version: 1 }), 'conflict')
      const remarked = await store.messages.update(id, message.id, { metadata: { a: 1 }, partial: true })
      assert.equal(remarked.editedAt, edited.editedAt)
      assert.equal(remarked.partial, true)
      assert.equal(remarked.content, 'second thoughts')
      assert.equal(
        (await store.messages.search({ conversationId: id, text: 'thoughts' })).items[0]?.id,
        message.id,
      )
      assert.deepEqual((await store.messages.search({ conversationId: id, text: 'words' })).items, [])
      await rejects(store.messages.update(id, ids.id('none'), { content: 'x' }), 'not-found')
    },
  ],
  [
    'a deleted message leaves history and count; its relations stay',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const root = nth(await say(store, id, 'root'), 0)
      const reply = nth(
        await store.messages.append(id, [{ role: 'user', content: 'reply', parentId: root.id }]),
        0,
      )
      const key = { messageId: root.id, userId: 'bob', emoji: '👍' }
      await store.reactions.add(id, key)
      const file = { userId: 'bob', name: 'payslip.txt', mediaType: 'text/plain', sizeBytes: 1, text: 's' }
      const attached = await store.attachments.add(id, { ...file, messageId: root.id })
      const others = [
        await store.attachments.add(id, { ...file, messageId: reply.id }),
        await store.attachments.add(id, file),
      ]
      assert.equal(await store.messages.delete(id, root.id), true)
      assert.equal(await store.attachments.get(id, attached.id), undefined)
      assert.deepEqual((await store.attachments.list(id)).items, others)
      assert.deepEqual((await store.attachments.list(id, { messageId: root.id })).items, [])
      assert.equal(await store.messages.delete(id, root.id), false)
      assert.equal(await store.messages.get(id, root.id), undefined)
      const marked = await store.messages.get(id, root.id, { deleted: true })
      assert(marked?.deletedAt !== undefined)
      assert.equal(marked.content, 'root')
      assert.equal((await store.messages.get(id, reply.id))?.parentId, root.id)
      assert.deepEqual(texts(await store.messages.history(id, { limit: 9 })), ['reply'])
      assert.equal((await store.conversations.get(id))?.messageCount, 1)
      assert.deepEqual(texts((await store.messages.list(id, { parentId: root.id })).items), ['reply'])
      assert.deepEqual((await store.messages.list(id, { deleted: true })).items.length, 2)
      await rejects(store.reactions.toggle(id, key), 'not-found')
      await rejects(store.messages.update(id, root.id, { content: 'x' }), 'not-found')
      assert.equal(nth(await say(store, id, 'next'), 0).sequence, 3)
    },
  ],
  [
    'a wiped message is empty for good and keeps its place',
    async (store, ids) => {
      const { id } = await start(store, ids)
      const [message, next] = await store.messages.append(id, [
        { ...rich, parentId: undefined, requestId: 'r' },
        { role: 'user', content: 'next' },
      ])
      const messageId = message?.id ?? ''
      await store.reactions.add(id, { messageId, userId: 'bob', emoji: '👍' })
      const file = { userId: 'bob', name: 'secret.txt', mediaType: 'text/plain', sizeBytes: 1, text: 's' }
      const attached = await store.attachments.add(id, { ...file, messageId })
      const loose = await store.attachments.add(id, file)
      assert.equal(await store.messages.wipe(id, messageId), true)
      const left = await store.messages.get(id, messageId, { deleted: true })
      assert.equal(left?.content, '')
      assert.deepEqual(left.metadata, {})
      assert.equal(left.sequence, 1)
      assert(left.deletedAt !== undefined)
      assert.equal(await store.attachments.get(id, attached.id), undefined)
      assert.deepEqual(await store.attachments.get(id, loose.id), loose)
      assert.deepEqual(await store.reactions.list(id, messageId), [])
      assert.deepEqual(await store.messages.history(id, { limit: 9 }), [next])
      assert.equal((await store.conversations.get(id))?.messageCount, 1)
      assert.deepEqual((await store.messages.search({ conversationId: id, text: 'line' })).items, [])
      assert.equal(await store.messages.wipe(id, ids.id('none')), false)
    },
  ],
]

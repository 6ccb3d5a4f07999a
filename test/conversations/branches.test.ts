import { describe, expect, test } from 'vitest'
import { ada, host, keptTurns, sentTurns } from './chat-host.ts'

const identity = ada

describe('another answer', () => {
  test('takes the place of the last one, which stays as a variant', async () => {
    await using it = await host({ script: ({ call }) => `a${call}` })
    const first = await it.chats.send({ identity, message: 'q' })
    const { conversationId, messageId } = first
    const again = await it.chats.regenerate({ identity, conversationId, messageId })
    expect(again).toMatchObject({ content: 'a1', userMessageId: first.userMessageId })
    expect(sentTurns(it.provider)).toEqual(['user: q'])
    expect(await keptTurns(it.store, conversationId)).toEqual(['user: q', 'assistant: a1'])
    const third = await it.chats.regenerate({ identity, conversationId, messageId: first.userMessageId })
    const all = await it.chats.variants({ identity, conversationId, messageId: third.messageId })
    expect(all.map(({ content, active }) => [content, active])).toEqual([
      ['a0', false],
      ['a1', false],
      ['a2', true],
    ])
    const chosen = await it.chats.chooseVariant({ identity, conversationId, messageId })
    expect(chosen).toMatchObject({ content: 'a0', active: true })
    expect(await keptTurns(it.store, conversationId)).toEqual(['user: q', 'assistant: a0'])
    await it.chats.send({ identity, conversationId, message: 'next' })
    expect(sentTurns(it.provider)).toEqual(['user: q', 'assistant: a0', 'user: next'])
    // The cost of the other answers is counted as well.
    expect((await it.chats.get({ identity, conversationId })).usage.calls).toBe(4)
  })

  test('of an earlier turn leaves what came after it', async () => {
    await using it = await host({ script: ({ call }) => `a${call}` })
    const first = await it.chats.send({ identity, message: 'q0' })
    const { conversationId } = first
    await it.chats.send({ identity, conversationId, message: 'q1' })
    await it.chats.regenerate({ identity, conversationId, messageId: first.messageId })
    expect(await keptTurns(it.store, conversationId)).toEqual(['user: q0', 'assistant: a2'])
    const all = await it.chats.history({ identity, conversationId, inactive: true })
    expect(all.items).toHaveLength(5)
  })

  test('that fails or breaks off leaves the one that is there', async () => {
    await using it = await host({
      script: [
        'whole',
        { error: 'server-failed' },
        { text: 'one two', chaos: { type: 'cut', at: 'middle' } },
      ],
    })
    const { conversationId, messageId } = await it.chats.send({ identity, message: 'q' })
    await expect(it.chats.regenerate({ identity, conversationId, messageId })).rejects.toMatchObject({
      kind: 'server-failed',
    })
    const stream = await it.chats.regenerateStream({ identity, conversationId, messageId })
    await expect(stream.turn).rejects.toMatchObject({ kind: 'stream-broken' })
    expect(await keptTurns(it.store, conversationId)).toEqual(['user: q', 'assistant: whole'])
    expect(await it.chats.variants({ identity, conversationId, messageId })).toHaveLength(2)
  })

  test('to a turn whose first call failed is its first', async () => {
    await using it = await host({ script: [{ error: 'server-failed' }, 'At last.'] })
    const { id: conversationId } = await it.chats.create({ identity })
    await expect(it.chats.send({ identity, conversationId, message: 'q' })).rejects.toBeDefined()
    const [question] = await it.store.messages.history(conversationId, { limit: 1 })
    const turn = await it.chats.regenerate({ identity, conversationId, messageId: question?.id ?? '' })
    expect(turn.content).toBe('At last.')
    expect(await keptTurns(it.store, conversationId)).toEqual(['user: q', 'assistant: At last.'])
  })

  test('is made once per request id', async () => {
    await using it = await host({ script: ({ call }) => `a${call}` })
    const { conversationId, messageId } = await it.chats.send({ identity, message: 'q' })
    const request = { identity, conversationId, messageId, requestId: 'again' }
    const [one, two] = await Promise.all([it.chats.regenerate(request), it.chats.regenerate(request)])
    const three = await it.chats.regenerate(request)
    expect(new Set([one.messageId, two.messageId, three.messageId]).size).toBe(1)
    expect(it.provider.log).toHaveLength(2)
  })
})

describe('a replaced user message', () => {
  test('takes the place of the first, with a new answer', async () => {
    await using it = await host({ script: ({ prompt }) => `on ${prompt}` })
    const first = await it.chats.send({ identity, message: 'red' })
    const { conversationId, userMessageId: messageId } = first
    await it.chats.send({ identity, conversationId, message: 'more' })
    const turn = await it.chats.resend({ identity, conversationId, messageId, message: 'blue' })
    expect(turn.content).toBe('on blue')
    expect(sentTurns(it.provider)).toEqual(['user: blue'])
    expect(await keptTurns(it.store, conversationId)).toEqual(['user: blue', 'assistant: on blue'])
    const both = await it.chats.variants({ identity, conversationId, messageId })
    expect(both.map(({ content }) => content)).toEqual(['red', 'blue'])
  })

  test('a refusal leaves all as it was', async () => {
    await using it = await host({ orchestrator: { limits: { user: { requestsPerMinute: 1, burst: 1 } } } })
    const { conversationId, userMessageId: messageId } = await it.chats.send({ identity, message: 'red' })
    const before = await keptTurns(it.store, conversationId)
    const sent = it.chats.resend({ identity, conversationId, messageId, message: 'blue' })
    await expect(sent).rejects.toMatchObject({ kind: 'limit-exceeded' })
    expect(await keptTurns(it.store, conversationId)).toEqual(before)
  })

  test('an answer is not a user’s turn', async () => {
    await using it = await host()
    const { conversationId, messageId } = await it.chats.send({ identity, message: 'red' })
    const sent = it.chats.resend({ identity, conversationId, messageId, message: 'blue' })
    await expect(sent).rejects.toMatchObject({ kind: 'invalid-request' })
  })
})

describe('a fork', () => {
  test('copies up to a message, knows where it comes from, and goes its own way', async () => {
    await using it = await host({ script: ({ call }) => `a${call}` })
    const first = await it.chats.send({ identity, message: 'q0', title: 'Talk' })
    const { conversationId, messageId } = first
    await it.chats.send({ identity, conversationId, message: 'q1' })
    const fork = await it.chats.fork({ identity, conversationId, messageId, title: 'Other' })
    expect(fork).toMatchObject({
      parentId: conversationId,
      rootId: conversationId,
      forkedFromMessageId: messageId,
      title: 'Other',
      messageCount: 2,
      usage: { totalTokens: 0 },
    })
    await it.chats.send({ identity, conversationId: fork.id, message: 'q2' })
    expect(sentTurns(it.provider)).toEqual(['user: q0', 'assistant: a0', 'user: q2'])
    expect(await keptTurns(it.store, conversationId)).toHaveLength(4)
    // A copied answer can be regenerated as well.
    const turn = await it.chats.regenerate({ identity, conversationId: fork.id, messageId })
    expect(turn.content).toBe('a3')
    expect(await keptTurns(it.store, fork.id)).toEqual(['user: q0', 'assistant: a3'])
  })

  test('of a long conversation has all of it', async () => {
    await using it = await host()
    const { id: conversationId } = await it.chats.create({ identity })
    const rows = Array.from({ length: 450 }, (_, at) => ({ role: 'user' as const, content: `m${at}` }))
    await it.store.messages.append(conversationId, rows)
    const fork = await it.chats.fork({ identity, conversationId })
    expect(fork.messageCount).toBe(450)
  })
})

describe('a thread', () => {
  test('is sent alone, and its answer joins it', async () => {
    await using it = await host({ script: ({ call }) => `a${call}` })
    const first = await it.chats.send({ identity, message: 'q0' })
    const { conversationId, messageId: parentId } = first
    await it.chats.send({ identity, conversationId, message: 'q1' })
    const turn = await it.chats.send({ identity, conversationId, parentId, message: 'aside' })
    expect(sentTurns(it.provider)).toEqual(
      ['assistant: a0', 'user: aside'].slice(-sentTurns(it.provider).length),
    )
    expect(it.provider.log.at(-1)?.request?.prompt).toBe('aside')
    const replies = await it.chats.history({ identity, conversationId, parentId })
    expect(replies.items.map(({ content }) => content)).toEqual(['aside', turn.content])
    const { items } = await it.chats.threads({ identity, conversationId })
    expect(items).toMatchObject([{ root: { id: parentId }, replyCount: 2 }])
    await expect(
      it.chats.send({ identity, conversationId, parentId: 'nowhere', message: 'lost' }),
    ).rejects.toMatchObject({ kind: 'not-found' })
  })
})

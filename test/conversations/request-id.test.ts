import { defineTool, LlmError } from 'llm-switchyard'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { describe, expect, test } from 'vitest'
import { ada, host, keptTurns } from './chat-host.ts'

const identity = ada

describe('a request id', () => {
  test('finds the earlier result, whole and streamed', async () => {
    await using it = await host({ script: ({ call }) => `answer ${call}` })
    const first = await it.chats.send({ identity, message: 'Hi', requestId: 'r1' })
    const again = await it.chats.send({ identity, message: 'Hi', requestId: 'r1' })
    expect(again).toMatchObject({ ...first, attempts: [], repeated: true })
    const stream = await it.chats.stream({ identity, message: 'Hi', requestId: 'r1' })
    let text = ''
    for await (const event of stream) if (event.type === 'text-delta') text += event.text
    expect(text).toBe('answer 0')
    expect(await stream.turn).toMatchObject({ messageId: first.messageId, repeated: true })
    expect(it.provider.log).toHaveLength(1)
  })

  test('is one call for duplicates at the same time', async () => {
    await using it = await host({ script: { text: 'one', pacing: { firstMs: 30 } } })
    const request = { identity, message: 'Hi', requestId: 'r1' }
    const turns = await Promise.all([
      it.chats.send(request),
      it.chats.send(request),
      it.chats.stream(request).then(({ turn }) => turn),
    ])
    expect(new Set(turns.map(({ messageId }) => messageId)).size).toBe(1)
    expect(turns.map(({ repeated }) => repeated)).toEqual([false, true, true])
    expect(it.provider.log).toHaveLength(1)
    const { data } = await it.chats.list({ identity })
    expect(data).toHaveLength(1)
  })

  test('of a stream that is still running, too', async () => {
    await using it = await host({ script: { text: 'one two', pacing: { betweenMs: 20 } } })
    const request = { identity, message: 'Hi', requestId: 'r1' }
    const stream = await it.chats.stream(request)
    const [first, second] = await Promise.all([stream.turn, it.chats.send(request)])
    expect(second).toMatchObject({ messageId: first.messageId, repeated: true })
    expect(it.provider.log).toHaveLength(1)
  })

  test('belongs to its user, and to its message', async () => {
    await using it = await host({ script: ({ call }) => `answer ${call}` })
    const mine = await it.chats.send({ identity, message: 'Hi', requestId: 'r1' })
    const theirs = await it.chats.send({ identity: { userId: 'bob' }, message: 'Hi', requestId: 'r1' })
    expect(theirs.conversationId).not.toBe(mine.conversationId)
    await expect(it.chats.send({ identity, message: 'Other', requestId: 'r1' })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'request-reused',
    })
  })

  test('in two processes at the same time, one answer is stored and both return it', async () => {
    const store = createMemoryStore()
    const script = { text: 'one', pacing: { firstMs: 30 } }
    await using a = await host({ script, store })
    await using b = await host({ script, store })
    const { id: conversationId } = await a.chats.create({ identity })
    const request = { identity, conversationId, message: 'Hi', requestId: 'r1' }
    const turns = await Promise.all([a.chats.send(request), b.chats.send(request)])
    expect(turns[0].messageId).toBe(turns[1].messageId)
    expect(await keptTurns(store, conversationId)).toEqual(['user: Hi', 'assistant: one'])
  })

  test('of a turn that was cut makes a new try; the cut one stays as a variant', async () => {
    await using it = await host({
      script: [{ text: 'one two', chaos: { type: 'cut', at: 'middle' } }, 'one two'],
    })
    const { id: conversationId } = await it.chats.create({ identity })
    const request = { identity, conversationId, message: 'Hi', requestId: 'r1' }
    await expect((await it.chats.stream(request)).turn).rejects.toMatchObject({ kind: 'stream-broken' })
    const turn = await it.chats.send(request)
    expect(await keptTurns(it.store, conversationId)).toEqual(['user: Hi', 'assistant: one two'])
    const variants = await it.chats.variants({ identity, conversationId, messageId: turn.messageId })
    expect(variants.map(({ partial, active }) => ({ partial, active }))).toEqual([
      { partial: true, active: false },
      { partial: false, active: true },
    ])
  })

  test('goes on behind the rounds of tools that were run', async () => {
    let runs = 0
    const look = defineTool({ name: 'look', execute: () => `run ${++runs}` })
    await using it = await host({
      script: ({ toolResults, call }) => {
        if (toolResults.length === 0) return { toolCalls: [{ name: 'look' }] }
        return call === 1 ? { error: 'server-failed' as never } : `After ${toolResults[0]?.text}.`
      },
    })
    const { id: conversationId } = await it.chats.create({ identity })
    const request = { identity, conversationId, message: 'Hi', requestId: 'r1', tools: [look] }
    await expect(it.chats.send(request)).rejects.toBeInstanceOf(LlmError)
    expect(await it.chats.send(request)).toMatchObject({ content: 'After run 1.' })
    expect(runs).toBe(1)
    expect(await it.store.messages.history(conversationId, { limit: 9 })).toHaveLength(4)
  })
})

import type { ChatStore } from 'llm-switchyard/conversations'
import { expect } from 'vitest'
import { sized } from '../proof.ts'
import { ada, host } from './chat-host.ts'

const identity = ada

/** How many sends at once. */
export const SENDS: number = sized(60, 200)

/** Sends many messages concurrently to one conversation; checks the total order, that none is lost, and the counts. */
export async function sendsAtOnce(store: ChatStore): Promise<void> {
  await using it = await host({
    store,
    script: ({ prompt }) => ({
      text: `re ${prompt.split('\n').at(-1)}`,
      usage: { inputTokens: 3, outputTokens: 2 },
    }),
    orchestrator: { queue: { concurrency: 40, maxPending: 400 } },
    service: { costUsd: () => 0.001 },
  })
  const { id: conversationId } = await it.chats.create({ identity })
  const before = await it.chats.usage({ identity })
  const sends = Array.from({ length: SENDS }, (_, at) => {
    const request = { identity, conversationId, message: `m${at}`, history: { maxMessages: 4 } }
    return at % 2 === 0 ? it.chats.send(request) : it.chats.stream(request).then(({ turn }) => turn)
  })
  const turns = await Promise.all(sends)
  const kept = []
  let cursor: string | undefined
  do {
    const page = await it.chats.history({ identity, conversationId, limit: 150, cursor })
    kept.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  expect(kept.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 2 * SENDS }, (_, at) => at + 1))
  const byId = new Map(kept.map((message) => [message.id, message]))
  for (const [at, { messageId, userMessageId }] of turns.entries()) {
    const [question, answer] = [byId.get(userMessageId), byId.get(messageId)]
    expect([question?.content, answer?.content]).toEqual([`m${at}`, `re m${at}`])
    expect(question?.sequence).toBeLessThan(answer?.sequence ?? 0)
  }
  const figures = {
    totalTokens: 5 * SENDS,
    inputTokens: 3 * SENDS,
    outputTokens: 2 * SENDS,
    calls: SENDS,
    costUsd: SENDS / 1_000,
  }
  const conversation = await it.chats.get({ identity, conversationId })
  expect(conversation).toMatchObject({ messageCount: 2 * SENDS, lastSequence: 2 * SENDS, usage: figures })
  const after = await it.chats.usage({ identity })
  expect(after.totalTokens - before.totalTokens).toBe(5 * SENDS)
  expect(after.calls - before.calls).toBe(SENDS)
}

/** Sends 50 duplicates of one request concurrently to two services on one store; checks that all get the one answer. */
export async function duplicatesAtOnce(store: ChatStore): Promise<void> {
  const script = { text: 'one', pacing: { firstMs: 10 } }
  await using a = await host({ store, script })
  await using b = await host({ store, script })
  const request = { identity, message: 'Hi', requestId: `dup-${crypto.randomUUID()}` }
  const sends = Array.from({ length: 50 }, (_, at) => (at % 2 === 0 ? a : b).chats.send(request))
  const turns = await Promise.all(sends)
  expect(new Set(turns.map(({ messageId }) => messageId)).size).toBe(1)
  expect(new Set(turns.map(({ conversationId }) => conversationId)).size).toBe(1)
  const conversation = await a.chats.get({ identity, conversationId: turns[0]?.conversationId ?? '' })
  expect(conversation.messageCount).toBe(2)
  expect(a.provider.log.length + b.provider.log.length).toBeLessThanOrEqual(2)
}

/** Begins one proposed conversation many times at once, in two services on one store; checks that all turns are in it. */
export async function beginsAtOnce(store: ChatStore): Promise<void> {
  await using a = await host({ store })
  await using b = await host({ store })
  const conversationId = `proposed-${crypto.randomUUID()}`
  const sends = Array.from({ length: 20 }, (_, at) =>
    (at % 2 === 0 ? a : b).chats.send({ identity, conversationId, begin: true, message: `m${at}` }),
  )
  const turns = await Promise.all(sends)
  expect(new Set(turns.map((turn) => turn.conversationId))).toEqual(new Set([conversationId]))
  expect(await a.chats.get({ identity, conversationId })).toMatchObject({ messageCount: 40 })
  const other = { identity: { userId: 'eve' }, conversationId, begin: true, message: 'Hi' }
  const apart = await Promise.all([a.chats.send(other), b.chats.send(other)])
  expect(apart[0].conversationId).toBe(apart[1].conversationId)
  expect(apart[0].conversationId).not.toBe(conversationId)
}

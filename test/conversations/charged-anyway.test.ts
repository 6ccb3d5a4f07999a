import { expect, onTestFinished, test } from 'vitest'
import { createOrchestrator } from 'llm-switchyard'
import { createChatService } from 'llm-switchyard/conversations'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { createFakeProvider, type FakeReply } from 'llm-switchyard/testing'

const identity = { userId: 'u' }

async function chatsOver(reply: FakeReply) {
  const fake = await createFakeProvider({ script: () => reply })
  const orchestrator = createOrchestrator({
    providers: { openai: { apiKey: 'k', baseUrl: fake.baseUrl('openai-chat') } },
    limits: { budgets: [{ scope: 'user', per: 'day', tokens: 1_000_000 }] },
  })
  onTestFinished(async () => {
    await orchestrator.close({ drainMs: 0 })
    await fake.close()
  })
  const defaults = { model: 'openai/gpt-4.1-mini' }
  const chats = createChatService({ orchestrator, store: createMemoryStore(), defaults })
  const totals = async (): Promise<number[]> => {
    await chats.settled()
    const { budgets = [] } = (await orchestrator.limiter?.snapshot({ user: 'u' })) ?? {}
    return [(await chats.usage({ identity })).totalTokens, budgets[0]?.used ?? -1]
  }
  return { chats, totals }
}

test.each([1, 2, 3])('a conversation deleted at piece %d of its answer was paid for', async (pieces) => {
  const usage = { inputTokens: 1000, outputTokens: 500 }
  const { chats, totals } = await chatsOver({
    text: ['a ', 'b ', 'c ', 'd '],
    pacing: { betweenMs: 20 },
    usage,
  })
  const stream = await chats.stream({ identity, message: 'Hi' })
  let seen = 0
  await expect(async () => {
    for await (const { type } of stream)
      if (type === 'text-delta' && ++seen === pieces)
        await chats.delete({ identity, conversationId: stream.conversationId })
  }).rejects.toMatchObject({ kind: 'not-found' })
  expect(await totals()).toEqual([1500, 1500])
})

test('a turn that is left before its first content costs its input, in limits and in totals', async () => {
  const { chats, totals } = await chatsOver({ text: 'late', pacing: { firstMs: 60_000 } })
  const controller = new AbortController()
  const sent = chats.send({ identity, message: 'A question of some words', signal: controller.signal })
  setTimeout(() => controller.abort(), 100)
  await expect(sent).rejects.toMatchObject({ kind: 'aborted' })
  const [stored = 0, charged] = await totals()
  expect(stored).toBeGreaterThan(0)
  expect(charged).toBe(stored)
})

import { createOrchestrator, defineTool, type Orchestrator } from 'llm-switchyard'
import { createChatService } from 'llm-switchyard/conversations'
import { createJudgeModerator } from 'llm-switchyard/moderation'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { createFakeProvider, type FakeRequest, type ScriptedReply } from 'llm-switchyard/testing'
import { expect, test } from 'vitest'
import { ada } from './chat-host.ts'

/** Judge, title and summary are known by their instructions, and the tool's own question by its text. */
function reply({ system, prompt, turns, body }: FakeRequest): ScriptedReply {
  if (body['model'] === 'judge') return { text: '{"flagged":false,"categories":[]}' }
  if (system.includes('title')) return { text: 'A title' }
  if (/summar/i.test(system)) return { text: 'They spoke of sums.' }
  if (prompt === 'inner') return { text: '4' }
  if (turns.at(-1)?.role === 'tool') return { text: `It is ${turns.at(-1)?.toolResults[0]?.text}.` }
  return { toolCalls: [{ name: 'sum', arguments: {} }] }
}

test.each([
  ['whole', false],
  ['streamed', true],
])(
  'with one slot, a judge of answers, a tool that asks, titles and summaries wait for nothing: %s',
  async (_how, stream) => {
    await using provider = await createFakeProvider({ script: reply })
    const judge = createJudgeModerator({
      ask: (request) => orchestrator.chatApiCall({ ...request, stream: false }),
      model: 'openai/judge',
    })
    await using orchestrator: Orchestrator = createOrchestrator({
      providers: { openai: { baseUrl: provider.baseUrl('openai-chat'), apiKey: 'none' } },
      queue: { concurrency: 1 },
      moderation: { output: { moderators: [judge], failure: 'closed', timeoutMs: 60_000 } },
    })
    const sum = defineTool({
      name: 'sum',
      parameters: { type: 'object', properties: {} },
      execute: async (_given: object, { parent }) => {
        const messages = [{ role: 'user' as const, content: 'inner' }]
        return (await orchestrator.chatApiCall({ model: 'openai/m', messages, parent })).text
      },
    })
    await using store = createMemoryStore()
    await using chats = createChatService({
      orchestrator,
      store,
      defaults: { model: 'openai/m' },
      autoTitle: true,
      window: { contextWindow: 2_000, overflow: 'summarise' },
    })
    const request = { identity: ada, tools: [sum] }
    const turn = async (message: string, conversationId?: string): Promise<string> => {
      const given = { ...request, message, conversationId }
      if (!stream) return (await chats.send(given)).conversationId
      const answer = await chats.stream(given)
      return (await answer.turn).conversationId
    }
    const id = await turn('two and two')
    for (let more = 0; more < 6; more++) await turn(`and again ${'word '.repeat(300)}`, id)
    await chats.close({ drainMs: 10_000 })
    expect(await store.conversations.get(id)).toMatchObject({ title: 'A title' })
    const kept = await store.messages.history(id, { limit: 100 })
    expect(kept.at(-1)).toMatchObject({ role: 'assistant', partial: false })
    const asked = provider.log.map(({ request: one }) => ({
      judge: one?.body['model'] === 'judge',
      summary: /summar/i.test(one?.system ?? ''),
      tool: one?.prompt === 'inner',
    }))
    const seen = { judge: false, summary: false, tool: false }
    for (const one of asked)
      for (const what of ['judge', 'summary', 'tool'] as const) seen[what] ||= one[what]
    expect(seen).toEqual({ judge: true, summary: true, tool: true })
    expect(orchestrator.queue?.status()).toMatchObject({ running: 0, pending: 0 })
  },
)

import { createOrchestrator, type Orchestrator, type Tool } from 'llm-switchyard'
import { createAgent } from 'llm-switchyard/agents'
import { createMcpClient } from 'llm-switchyard/mcp'
import { createJudgeModerator } from 'llm-switchyard/moderation'
import { createFakeProvider, type FakeRequest, type ScriptedReply } from 'llm-switchyard/testing'
import { expect, test } from 'vitest'
import { inMemory, sdkServer } from '../mcp/sdk-server.ts'

const BOTH = [
  { name: 'sum', arguments: {} },
  { name: 'harbour_ask', arguments: {} },
]

/** Judge and agents are known by their model and instructions, and the tool's own question by its text. */
function reply({ system, prompt, turns, body }: FakeRequest): ScriptedReply {
  if (body['model'] === 'judge') return { text: '{"flagged":false,"categories":[]}' }
  if (prompt === 'inner') return { text: '4' }
  if (prompt === 'Which boat?') return { text: 'The red one.' }
  const hasResults = turns.at(-1)?.role === 'tool'
  if (system.startsWith('You are Helper.')) return hasResults ? { text: 'Helped.' } : { toolCalls: BOTH }
  if (hasResults) return { text: 'It is done.' }
  return {
    toolCalls: [...BOTH, { name: 'delegate_to_helper', arguments: { task: 'Help.' } }],
  }
}

test.each([
  ['whole', false],
  ['streamed', true],
])(
  'with one slot, a judge of answers, a tool that asks, a subagent and an MCP server that asks wait for nothing: %s',
  async (_how, isStreamed) => {
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
    const sum: Tool = {
      name: 'sum',
      execute: async (_given: never, { parent }) => {
        const messages = [{ role: 'user' as const, content: 'inner' }]
        return (await orchestrator.chatApiCall({ model: 'openai/m', messages, parent })).text
      },
    }
    const harbour = createMcpClient({
      name: 'harbour',
      server: inMemory(() => sdkServer()),
      sampling: { orchestrator, model: 'openai/m' },
    })
    const tools = [sum, ...(await harbour.tools()).filter(({ name }) => name === 'harbour_ask')]
    const helper = createAgent({ name: 'Helper', tools })
    const lead = createAgent({
      name: 'Lead',
      orchestrator,
      model: 'openai/m',
      tools,
      subagents: [helper],
    })
    const run = async (): Promise<string> => {
      if (!isStreamed) return (await lead.send({ message: 'Go.' })).text
      return (await (await lead.stream({ message: 'Go.' })).response).text
    }
    expect(await Promise.all([run(), run(), run()])).toEqual(['It is done.', 'It is done.', 'It is done.'])
    await harbour.close()
    // Three runs ask once themselves and once in their subagent.
    expect(
      provider.log.filter(({ request }) => JSON.stringify(request?.body).includes('Which boat?')),
    ).toHaveLength(6)
    expect(orchestrator.stats()).toMatchObject({ active: 0, failed: 0 })
    expect(orchestrator.queue?.status()).toMatchObject({ running: 0, pending: 0 })
  },
)

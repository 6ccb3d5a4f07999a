import { chatApiCall, defineTool, type ChatRequest } from 'llm-switchyard'
import { createFakeProvider } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'
import { ada, host } from '../conversations/chat-host.ts'

const look = defineTool({
  name: 'look',
  parameters: { type: 'object', properties: {} },
  execute: () => 'seen',
})
const { execute: _execute, ...declared } = look

describe('a tool with `execute`', () => {
  test.each<[string, ChatRequest['tools'], string | undefined]>([
    ['of a call', [declared, look], 'tools.1.execute'],
    ['in the format of OpenAI', [{ type: 'function', function: look }], 'tools.0.execute'],
    ['none', [declared], undefined],
    ['no tools', undefined, undefined],
  ])('%s: a call says that it does not run it', async (_name, tools, path) => {
    await using provider = await createFakeProvider({ script: 'Hi' })
    const baseUrl = provider.baseUrl('openai-chat')
    const request = { model: 'openai/m', baseUrl, apiKey: 'k', tools }
    const messages = [{ role: 'user' as const, content: 'Hello' }]
    const whole = await chatApiCall({ ...request, messages })
    const stream = await chatApiCall({ ...request, messages, stream: true })
    for (const { warnings } of [whole, await stream.response])
      expect(warnings.map((warning) => warning.path)).toEqual(path === undefined ? [] : [path])
  })

  test('a chat service runs it, and warns of nothing', async () => {
    await using it = await host({
      script: ({ toolResults }) =>
        toolResults.length > 0 ? 'Done' : { toolCalls: [{ name: 'look', arguments: {} }] },
    })
    const turn = await it.chats.send({ identity: ada, message: 'Hi', tools: [look] })
    expect(turn).toMatchObject({ content: 'Done', warnings: [] })
  })
})

import { chatApiCall, type ChatRequest, type ChatResponse } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'
import { asked, call, chat, exchange, ok, sentBack, tools } from './exchanged.ts'

describe('arguments are sent back as the model wrote them', () => {
  const written = '{"b": 12345678901234567890, "a": 1.0, "c": "\\u00e9"}'
  const targets: readonly (readonly [string, Partial<ChatRequest>, unknown, string])[] = [
    [
      'chat',
      { provider: 'openai', model: 'gpt-4.1' },
      chat({ tool_calls: [{ ...call, function: { name: 'look', arguments: written } }] }),
      'chat',
    ],
    [
      'responses',
      { provider: 'openai', model: 'gpt-6-astra' },
      {
        status: 'completed',
        output: [{ type: 'function_call', call_id: 'c', name: 'look', arguments: written }],
      },
      'responses',
    ],
  ]
  test.each(targets)('%s: byte for byte', async (_name, target, reply, kind) => {
    const sent = await sentBack(target, reply, ok[kind])
    expect(JSON.stringify(sent)).toContain(JSON.stringify(written))
  })

  test('a change of the parsed arguments wins', async () => {
    const messages = [
      asked,
      {
        role: 'assistant' as const,
        content: [
          {
            type: 'tool-call' as const,
            id: 'call00001',
            name: 'look',
            arguments: { a: 2 },
            argumentsText: '{"a": 1}',
          },
        ],
      },
    ]
    const { body } = await exchange({ provider: 'openai', model: 'gpt-4.1', messages }, ok['chat'])
    expect(JSON.stringify(body)).toContain(JSON.stringify('{"a":2}'))
  })

  test.each<readonly [string, Partial<ChatRequest>, (input: string) => string, string]>([
    [
      'anthropic',
      { provider: 'anthropic', model: 'claude-opus-4-8' },
      (input) =>
        `{"type":"message","content":[{"type":"tool_use","id":"t","name":"look","input":${input}}],"stop_reason":"tool_use","usage":{}}`,
      'anthropic',
    ],
    [
      'gemini',
      { provider: 'google', model: 'gemini-3-pro' },
      (input) =>
        `{"candidates":[{"content":{"parts":[{"functionCall":{"name":"look","args":${input}}}]},"finishReason":"STOP"}]}`,
      'gemini',
    ],
    [
      'bedrock',
      { provider: 'bedrock', model: 'anthropic.claude-opus-4-8' },
      (input) =>
        `{"output":{"message":{"content":[{"toolUse":{"toolUseId":"t","name":"look","input":${input}}}]}},"stopReason":"tool_use","usage":{}}`,
      'bedrock',
    ],
    [
      'ollama',
      { provider: 'ollama', model: 'm' },
      (input) =>
        `{"message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"look","arguments":${input}}}]},"done":true}`,
      'ollama',
    ],
  ])('%s: large whole numbers inside objects', async (_name, target, reply, kind) => {
    let raw = ''
    const ask = async (messages: ChatRequest['messages'], text: string): Promise<ChatResponse> =>
      chatApiCall({
        ...(target as ChatRequest),
        apiKey: 'k',
        tools,
        messages,
        stream: false,
        fetch: async (_url: unknown, init?: RequestInit) => {
          raw = init?.body as string
          return new Response(text, { headers: { 'content-type': 'application/json' } })
        },
      })
    const first = await ask([asked], reply('{"id":1234567890123456789}'))
    const [made1] = first.toolCalls
    expect(made1).toMatchObject({
      arguments: { id: 1234567890123456800 },
      argumentsText: '{"id":1234567890123456789}',
    })
    const stored = JSON.parse(JSON.stringify(first.message)) as ChatResponse['message']
    await ask(
      [asked, stored, { role: 'tool', toolCallId: made1?.id ?? '', content: 'r' }],
      JSON.stringify(ok[kind]),
    )
    expect(raw).toContain('{"id":1234567890123456789}')
  })
})

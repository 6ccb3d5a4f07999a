import type { ChatRequest } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import {
  asked,
  call,
  chat,
  exchange,
  ok,
  sentBack,
  sse,
  streamedCall,
  tools,
  type Wire,
} from './exchanged.ts'

describe('a thought goes back as it came, whole or streamed', () => {
  const plain: readonly (readonly [string, string, string])[] = [
    ['deepseek', 'deepseek-v4-pro', 'reasoning_content'],
    ['deepseek', 'deepseek-reasoner', 'reasoning_content'],
    ['moonshot', 'kimi-k2.5', 'reasoning_content'],
    ['moonshot', 'kimi-k2.6', 'reasoning_content'],
    ['moonshot', 'kimi-k2.7', 'reasoning_content'],
    ['moonshot', 'kimi-k3', 'reasoning_content'],
    ['zai', 'glm-4.7', 'reasoning_content'],
    ['zai', 'glm-5.3', 'reasoning_content'],
    ['qwen', 'qwen3.7-max', 'reasoning_content'],
    ['fireworks', 'm', 'reasoning_content'],
    ['nebius', 'm', 'reasoning_content'],
    ['litellm', 'm', 'reasoning_content'],
    ['llamacpp', 'm', 'reasoning_content'],
    ['tabbyapi', 'm', 'reasoning_content'],
    ['openai-compatible', 'm', 'reasoning_content'],
    ['groq', 'openai/gpt-oss-120b', 'reasoning'],
    ['cerebras', 'gpt-oss-120b', 'reasoning'],
    ['vllm', 'm', 'reasoning'],
  ]
  test.each(plain)('%s %s: in %s', async (provider, model, field) => {
    const target = {
      provider,
      model,
      ...(provider === 'openai-compatible' ? { baseUrl: 'http://h.test/v1' } : {}),
    }
    for (const reply of [chat({ [field]: 'Hm.' }), sse({ [field]: 'H' }, { [field]: 'm.' }, streamedCall)])
      expect(await sentBack(target, reply, ok['chat'])).toMatchObject([
        { [field]: 'Hm.', tool_calls: [call] },
      ])
  })

  const block = (fields: JsonObject): JsonObject => ({
    type: 'reasoning.text',
    format: 'f',
    index: 0,
    ...fields,
  })
  test.each(['openrouter', 'vercel-gateway', 'minimax', 'openai-compatible'])(
    '%s: blocks of details, each whole and in order',
    async (provider) => {
      const target = {
        provider,
        model: 'a/m',
        ...(provider === 'openai-compatible' ? { baseUrl: 'http://h.test/v1' } : {}),
      }
      const sealed = { type: 'reasoning.encrypted', data: 'X', index: 1, format: 'f', id: null }
      const blocks = [block({ text: 'I need it.', signature: 'SIG' }), sealed]
      const pieces = sse(
        { reasoning: 'I need', reasoning_details: [block({ text: 'I need' })] },
        { reasoning: ' it.', reasoning_details: [block({ text: ' it.' })] },
        { reasoning_details: [block({ signature: 'SIG' })] },
        { reasoning_details: [sealed] },
        streamedCall,
      )
      for (const reply of [chat({ reasoning: 'I need it.', reasoning_details: blocks }), pieces])
        expect(await sentBack(target, reply, ok['chat'])).toMatchObject([{ reasoning_details: blocks }])
    },
  )

  test('LiteLLM: signed blocks beside the plain text', async () => {
    const blocks = [
      { type: 'thinking', thinking: 'Hm.', signature: 'SIG' },
      { type: 'redacted_thinking', data: 'D' },
    ]
    const pieces = sse(
      { reasoning_content: 'H', thinking_blocks: [{ type: 'thinking', thinking: 'H' }] },
      { reasoning_content: 'm.', thinking_blocks: [{ type: 'thinking', thinking: 'm.' }] },
      { thinking_blocks: [{ type: 'thinking', thinking: '', signature: 'SIG' }] },
      { thinking_blocks: [{ type: 'redacted_thinking', data: 'D' }] },
      streamedCall,
    )
    for (const reply of [chat({ reasoning_content: 'Hm.', thinking_blocks: blocks }), pieces])
      expect(await sentBack({ provider: 'litellm', model: 'm' }, reply, ok['chat'])).toMatchObject([
        { thinking_blocks: blocks, reasoning_content: 'Hm.' },
      ])
  })

  test.each<JsonObject>([
    { extra_content: { google: { thought_signature: 'SIG' } } },
    { thought_signature: 'SIG' },
    { provider_specific_fields: { thought_signature: 'SIG' } },
  ])('a signature of a call in the spelling %j', async (mark) => {
    const target = { provider: 'openai-compatible', baseUrl: 'http://h.test/v1', model: 'm' }
    const signed = { ...call, ...mark }
    for (const reply of [chat({ tool_calls: [signed] }), sse({ tool_calls: [{ index: 0, ...signed }] })])
      expect(await sentBack(target, reply, ok['chat'])).toMatchObject([{ tool_calls: [signed] }])
  })

  test('Mistral: as a part of the content', async () => {
    const content = [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] }]
    expect(
      await sentBack({ provider: 'mistral', model: 'magistral-medium' }, chat({ content }), ok['chat']),
    ).toMatchObject([{ content }])
  })

  test('Anthropic, Vertex AI and Bedrock', async () => {
    const content = [
      { type: 'thinking', thinking: 'Hm.', signature: 'SIG' },
      { type: 'redacted_thinking', data: 'D' },
      { type: 'text', text: 'Look.' },
      { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} },
    ]
    const reply = { type: 'message', role: 'assistant', content, stop_reason: 'tool_use', usage: {} }
    for (const target of [
      { provider: 'anthropic', model: 'claude-opus-5-5' },
      { provider: 'vertex', api: 'anthropic', model: 'claude-opus-4-8' },
      { provider: 'bedrock', api: 'invoke', model: 'anthropic.claude-opus-4-8' },
    ])
      expect(await sentBack(target, reply, ok['anthropic'])).toEqual([{ role: 'assistant', content }])
    const blocks = [
      { reasoningContent: { reasoningText: { text: 'Hm.', signature: 'SIG' } } },
      { reasoningContent: { redactedContent: 'D' } },
      { toolUse: { toolUseId: 'tooluse_1', name: 'look', input: {} } },
    ]
    const converse = { output: { message: { content: blocks } }, stopReason: 'tool_use', usage: {} }
    expect(
      await sentBack({ provider: 'bedrock', model: 'anthropic.claude-opus-4-8' }, converse, ok['bedrock']),
    ).toEqual([{ role: 'assistant', content: blocks }])
  })

  test('Gemini: on the part where it came', async () => {
    const parts = [
      { text: 'Hm.', thought: true },
      { functionCall: { id: 'f1', name: 'look', args: {} }, thoughtSignature: 'SIG' },
    ]
    const reply = { candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP' }] }
    expect(await sentBack({ provider: 'google', model: 'gemini-3-pro' }, reply, ok['gemini'])).toEqual([
      { role: 'model', parts },
    ])
  })

  test.each([
    ['openai', 'gpt-6-astra'],
    ['xai', 'grok-4.5'],
    ['azure', 'gpt-5.6-sol'],
  ])('%s %s over the responses format: items in order, with phase', async (provider, model) => {
    const summary = [
      { type: 'summary_text', text: 'One.' },
      { type: 'summary_text', text: 'Two.' },
    ]
    const said = (phase: string, text: string): JsonObject => ({
      type: 'message',
      role: 'assistant',
      phase,
      content: [{ type: 'output_text', text }],
    })
    const made = { type: 'function_call', call_id: 'call_1', name: 'look', arguments: '{"a": 1}' }
    const output = [
      { type: 'reasoning', id: 'rs_1', summary, encrypted_content: 'E1' },
      said('commentary', 'Let me look.'),
      said('commentary', 'Once more.'),
      { type: 'reasoning', id: 'rs_2', summary: [], encrypted_content: 'E2' },
      made,
    ]
    const target = { provider, model, reasoning: 'low' as const }
    expect(await sentBack(target, { status: 'completed', output }, ok['responses'])).toEqual([
      { type: 'reasoning', summary, encrypted_content: 'E1' },
      { role: 'assistant', phase: 'commentary', content: 'Let me look.' },
      { role: 'assistant', phase: 'commentary', content: 'Once more.' },
      { type: 'reasoning', summary: [], encrypted_content: 'E2' },
      made,
    ])
  })

  test('Cohere and Ollama', async () => {
    const message = {
      role: 'assistant',
      tool_plan: 'Plan.',
      tool_calls: [call],
      content: [{ type: 'thinking', thinking: 'Hm.' }],
    }
    expect(
      await sentBack(
        { provider: 'cohere', model: 'command-a-reasoning' },
        { message, finish_reason: 'TOOL_CALL' },
        ok['cohere'],
      ),
    ).toMatchObject([{ content: message.content, tool_plan: 'Plan.' }])
    const line = {
      message: {
        role: 'assistant',
        content: '',
        thinking: 'Hm.',
        tool_calls: [{ function: { name: 'look', arguments: {} } }],
      },
      done: true,
    }
    expect(await sentBack({ provider: 'ollama', model: 'm' }, line, ok['ollama'])).toMatchObject([
      { thinking: 'Hm.' },
    ])
  })
})

const answer = { type: 'text', text: 'Yes.' } as const
const made = { type: 'tool-call', id: 'call00001', name: 'look', arguments: {} } as const
function history(thought: JsonObject, parts: readonly JsonObject[] = [answer]): ChatRequest['messages'] {
  const content = [{ type: 'reasoning', text: 'Hm.', ...thought }, ...parts] as never
  const results = parts.includes(made) ? [{ role: 'tool' as const, toolCallId: made.id, content: 'r' }] : []
  return [asked, { role: 'assistant', content }, ...results, { role: 'user', content: 'And?' }]
}

const everyWire: readonly (readonly [string, Partial<ChatRequest>, string])[] = [
  ['openai chat', { provider: 'openai', model: 'gpt-4.1' }, 'chat'],
  ['mistral', { provider: 'mistral', model: 'mistral-large-latest' }, 'chat'],
  ['openai-compatible', { provider: 'openai-compatible', baseUrl: 'http://h.test/v1', model: 'm' }, 'chat'],
  ['groq', { provider: 'groq', model: 'llama-3.3-70b' }, 'chat'],
  ['responses', { provider: 'openai', model: 'gpt-6-astra' }, 'responses'],
  ['anthropic', { provider: 'anthropic', model: 'claude-opus-4-8' }, 'anthropic'],
  ['bedrock', { provider: 'bedrock', model: 'anthropic.claude-opus-4-8' }, 'bedrock'],
  ['gemini', { provider: 'google', model: 'gemini-3-pro' }, 'gemini'],
  ['cohere', { provider: 'cohere', model: 'command-a-reasoning' }, 'cohere'],
]

describe.each(everyWire)('%s', (_name, target, kind) => {
  test('a thought of another vendor is left out, and that is said once', async () => {
    const thought = {
      signature: 'SECRET',
      encrypted: 'SECRET',
      details: [{ type: 'reasoning.text' }],
      origin: 'other/wire',
    }
    const messages = [...history(thought), ...history(thought).slice(1)]
    const { body, response } = await exchange({ ...target, messages }, ok[kind])
    expect(JSON.stringify(body)).not.toMatch(/SECRET|Hm\./)
    expect(response.warnings.filter(({ message }) => message.includes('reasoning'))).toHaveLength(1)
  })

  test('no assistant message ends in a thought or in blank text', async () => {
    const messages = history({ signature: 'S', encrypted: 'E' }, [{ type: 'text', text: ' ' }])
    const { body, response } = await exchange({ ...target, messages }, ok[kind])
    expect(JSON.stringify(body)).not.toMatch(/"assistant"|"model","parts"|Hm\./)
    expect(response.warnings.some(({ message }) => message.includes('reasoning'))).toBe(true)
  })
})

describe('what a vendor requires beside thoughts', () => {
  const none = history({}, [made]).map((message) =>
    message.role === 'assistant' ? { role: 'assistant' as const, content: [made] } : message,
  )
  test.each([
    ['moonshot', 'kimi-k2.5', undefined, ' '],
    ['moonshot', 'kimi-k2.6', undefined, ' '],
    ['moonshot', 'kimi-k2.7', undefined, ' '],
    ['moonshot', 'kimi-k3', undefined, ' '],
    ['moonshot', 'kimi-k2.5', 'none', undefined],
    ['moonshot', 'moonshot-v1-8k', undefined, undefined],
    ['deepseek', 'deepseek-v4-pro', undefined, ''],
  ] as const)(
    '%s %s, reasoning %s: a call without a thought has %j',
    async (provider, model, reasoning, field) => {
      const { body } = await exchange({ provider, model, reasoning, tools, messages: none }, ok['chat'])
      expect((body['messages'] as Wire[])[1]?.['reasoning_content']).toBe(field)
    },
  )

  test.each([
    ['zai', 'glm-4.7', { thinking: { type: 'enabled', clear_thinking: false } }],
    ['moonshot', 'kimi-k2.6', { thinking: { type: 'enabled', keep: 'all' } }],
    ['qwen', 'qwen3.7-max', { preserve_thinking: true }],
  ] as const)(
    '%s %s keeps the thoughts of all turns, asked to think or not',
    async (provider, model, fields) => {
      for (const reasoning of [undefined, 'high'] as const)
        expect(
          (await exchange({ provider, model, reasoning, messages: [asked] }, ok['chat'])).body,
        ).toMatchObject(fields)
    },
  )

  test('a call of another model gets the documented signature where Gemini requires one', async () => {
    const target = {
      provider: 'openai-compatible',
      baseUrl: 'http://h.test/v1',
      model: 'google/gemini-3-pro',
    }
    const { body } = await exchange({ ...target, tools, messages: none }, ok['chat'])
    expect(JSON.stringify(body)).toContain('"thought_signature":"skip_thought_signature_validator"')
  })

  test.each<readonly [string, Partial<ChatRequest>]>([
    ['anthropic/anthropic-messages', { provider: 'vertex', api: 'anthropic', model: 'claude-sonnet-4-5' }],
    ['vertex/anthropic-messages', { provider: 'anthropic', model: 'claude-sonnet-4-5' }],
    ['bedrock/bedrock-converse', { provider: 'anthropic', model: 'claude-sonnet-4-5' }],
    [
      'anthropic/anthropic-messages',
      { provider: 'bedrock', api: 'invoke', model: 'anthropic.claude-sonnet-4-5' },
    ],
    ['anthropic/anthropic-messages', { provider: 'bedrock', model: 'anthropic.claude-sonnet-4-5' }],
  ])('Claude takes its thoughts from %s at %j', async (origin, target) => {
    const kind = target.provider === 'bedrock' && target.api === undefined ? 'bedrock' : 'anthropic'
    const messages = history({ signature: 'SIG', origin }, [made]).slice(0, -1)
    const { body, response } = await exchange(
      { ...target, tools, messages, reasoning: { budgetTokens: 2_000 } },
      ok[kind],
    )
    expect(JSON.stringify(body)).toContain('"signature":"SIG"')
    expect(JSON.stringify(body)).toContain('"budget_tokens":2000')
    expect(response.warnings).toEqual([])
  })
})

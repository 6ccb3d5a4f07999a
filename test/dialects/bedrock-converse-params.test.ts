import type { Message, Settings } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'
import { bedrock } from '../../src/providers/bedrock.ts'
import { sendTo } from './sent.ts'

const PLAIN = 'amazon.nova-lite-v1:0'
const BUDGETED = 'us.anthropic.claude-sonnet-4-20250514-v1:0'
const STRUCTURED = 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0'
const ADAPTIVE = 'global.anthropic.claude-opus-4-6-v1'
const NEWEST = 'anthropic.claude-opus-4-8'
const GPT_OSS = 'openai.gpt-oss-120b-1:0'
const NOVA_2 = 'us.amazon.nova-2-lite-v1:0'
const QWEN = 'qwen.qwen3-32b-v1:0'

const tools = [{ name: 'look', description: '', parameters: { type: 'object', properties: {} } }] as const
const schema = {
  type: 'object',
  properties: {
    age: { type: 'integer', minimum: 1, description: 'Years' },
    tags: { type: 'array', items: { type: 'string' }, maxItems: 3 },
  },
} as const

function send(settings: Settings, model: string, messages?: Message[]) {
  const { body, warnings } = sendTo(
    bedrock,
    settings,
    messages === undefined ? { model } : { model, messages },
  )
  const { messages: _messages, ...rest } = body
  return { body: rest, warnings }
}

const additional = (fields: object) => ({ additionalModelRequestFields: fields })
const inference = (fields: object) => ({ inferenceConfig: fields })
const look = { toolSpec: { name: 'look', inputSchema: { json: { type: 'object', properties: {} } } } }

describe('settings on the wire', () => {
  test.each<[string, Settings, string, object]>([
    ['nothing', {}, PLAIN, {}],
    ['maxTokens', { maxTokens: 5 }, PLAIN, inference({ maxTokens: 5 })],
    ['samplers', { temperature: 0.5, topP: 0.9 }, PLAIN, inference({ temperature: 0.5, topP: 0.9 })],
    ['stop', { stop: ['END'] }, PLAIN, inference({ stopSequences: ['END'] })],
    ['metadata', { metadata: { team: 'blue' } }, PLAIN, { requestMetadata: { team: 'blue' } }],
    ['topK', { topK: 7 }, BUDGETED, additional({ top_k: 7 })],
    ['topK of another family', { topK: 7 }, PLAIN, additional({ inferenceConfig: { topK: 7 } })],
    ['tools', { tools }, PLAIN, { toolConfig: { tools: [look] } }],
    [
      'toolChoice auto',
      { tools, toolChoice: 'auto' },
      PLAIN,
      { toolConfig: { tools: [look], toolChoice: { auto: {} } } },
    ],
    [
      'toolChoice required',
      { tools, toolChoice: 'required' },
      PLAIN,
      { toolConfig: { tools: [look], toolChoice: { any: {} } } },
    ],
    [
      'toolChoice by name',
      { tools, toolChoice: { name: 'look' } },
      PLAIN,
      { toolConfig: { tools: [look], toolChoice: { tool: { name: 'look' } } } },
    ],
    ['toolChoice none', { tools, toolChoice: 'none' }, PLAIN, {}],
    ['responseFormat text', { responseFormat: 'text' }, STRUCTURED, {}],
    [
      'parallelToolCalls',
      { tools, parallelToolCalls: false },
      BUDGETED,
      {
        ...additional({ tool_choice: { disable_parallel_tool_use: true, type: 'auto' } }),
        toolConfig: { tools: [look] },
      },
    ],
    [
      'parallelToolCalls with a choice',
      { tools, parallelToolCalls: false, toolChoice: { name: 'look' } },
      BUDGETED,
      {
        ...additional({ tool_choice: { disable_parallel_tool_use: true, type: 'tool', name: 'look' } }),
        toolConfig: { tools: [look] },
      },
    ],
  ])('%s', (_name, settings, model, body) => {
    expect(send(settings, model)).toEqual({ body, warnings: [] })
  })

  test.each<[keyof Settings, Settings, string]>([
    ['temperature', { temperature: 1.5 }, PLAIN],
    ['topK', { topK: 7 }, 'meta.llama3-1-8b-instruct-v1:0'],
    ['minP', { minP: 0.1 }, PLAIN],
    ['seed', { seed: 1 }, PLAIN],
    ['frequencyPenalty', { frequencyPenalty: 1 }, PLAIN],
    ['presencePenalty', { presencePenalty: 1 }, PLAIN],
    ['repetitionPenalty', { repetitionPenalty: 1.1 }, PLAIN],
    ['logitBias', { logitBias: { '1': 1 } }, PLAIN],
    ['logprobs', { logprobs: true }, PLAIN],
    ['n', { n: 2 }, PLAIN],
    ['user', { user: 'u' }, PLAIN],
    ['stop', { stop: ['\n'] }, PLAIN],
    ['stop', { stop: ['END'] }, GPT_OSS],
    ['reasoning', { reasoning: 'high' }, PLAIN],
    ['responseFormat', { responseFormat: { type: 'json', schema } }, PLAIN],
    ['responseFormat', { responseFormat: 'json' }, STRUCTURED],
    ['parallelToolCalls', { tools, parallelToolCalls: false }, PLAIN],
    ['parallelToolCalls', { parallelToolCalls: false }, BUDGETED],
    ['toolChoice', { toolChoice: 'required' }, PLAIN],
    ['toolChoice', { tools, toolChoice: 'required' }, 'meta.llama3-1-8b-instruct-v1:0'],
    ['tools', { tools: [{ name: 'look', strict: true }] }, PLAIN],
    ['temperature', { temperature: 0.5 }, NEWEST],
    ['topP', { temperature: 0.5, topP: 0.9 }, STRUCTURED],
  ])('%s is lost or changed with a warning: %j to %s', (setting, settings, model) => {
    expect(send(settings, model).warnings).toEqual([expect.stringMatching(new RegExp(`^${setting}: `))])
  })

  test('a schema is closed, and what cannot be enforced is told in words', () => {
    const { body, warnings } = send({ responseFormat: { type: 'json', schema, name: 'person' } }, STRUCTURED)
    const { textFormat } = body['outputConfig'] as unknown as {
      textFormat: { structure: { jsonSchema: { name: string; schema: string } } }
    }
    expect(textFormat).toMatchObject({ type: 'json_schema', structure: { jsonSchema: { name: 'person' } } })
    expect(JSON.parse(textFormat.structure.jsonSchema.schema)).toEqual({
      type: 'object',
      properties: {
        age: { type: 'integer', description: 'Years\nMust satisfy minimum: 1.' },
        tags: { type: 'array', items: { type: 'string' }, description: 'Must satisfy maxItems: 3.' },
      },
      additionalProperties: false,
    })
    expect(warnings).toEqual([expect.stringContaining('minimum at age, maxItems at tags')])
  })

  test('a strict tool is closed; another is sent as it is', () => {
    const parameters = { type: 'object', properties: { at: { type: 'string' } } } as const
    const both = [
      { name: 'a', description: 'A', parameters, strict: true },
      { name: 'b', parameters },
    ]
    const { body, warnings } = send({ tools: both }, STRUCTURED)
    expect(body['toolConfig']).toEqual({
      tools: [
        {
          toolSpec: {
            name: 'a',
            description: 'A',
            strict: true,
            inputSchema: { json: { ...parameters, additionalProperties: false } },
          },
        },
        { toolSpec: { name: 'b', inputSchema: { json: parameters } } },
      ],
    })
    expect(warnings).toEqual([])
  })
})

describe('reasoning', () => {
  const budget = (tokens: number) => ({ thinking: { type: 'enabled', budget_tokens: tokens } })
  test.each<[string, Settings, string, object]>([
    ['an effort as a budget', { reasoning: 'low' }, BUDGETED, additional(budget(4096))],
    ['a budget', { reasoning: { budgetTokens: 2000 } }, BUDGETED, additional(budget(2000))],
    [
      'a budget below the limit',
      { reasoning: { budgetTokens: 2000 }, maxTokens: 3000 },
      BUDGETED,
      { ...additional(budget(2000)), ...inference({ maxTokens: 3000 }) },
    ],
    [
      'an effort fitted into the limit',
      { reasoning: 'high', maxTokens: 4000 },
      BUDGETED,
      { ...additional(budget(2000)), ...inference({ maxTokens: 4000 }) },
    ],
    ['none', { reasoning: 'none' }, BUDGETED, additional({ thinking: { type: 'disabled' } })],
    [
      'adaptive',
      { reasoning: 'max' },
      ADAPTIVE,
      additional({ thinking: { type: 'adaptive' }, output_config: { effort: 'max' } }),
    ],
    ['adaptive, none', { reasoning: 'none' }, ADAPTIVE, additional({ thinking: { type: 'disabled' } })],
    ['a bare effort', { reasoning: 'low' }, GPT_OSS, additional({ reasoning_effort: 'low' })],
    ['a word', { reasoning: 'high' }, QWEN, additional({ reasoning_config: 'high' })],
    [
      'a config',
      { reasoning: 'low', maxTokens: 9 },
      NOVA_2,
      {
        ...additional({ reasoningConfig: { type: 'enabled', maxReasoningEffort: 'low' } }),
        ...inference({ maxTokens: 9 }),
      },
    ],
    ['a config, none', { reasoning: false }, NOVA_2, additional({ reasoningConfig: { type: 'disabled' } })],
  ])('%s', (_name, settings, model, body) => {
    expect(send(settings, model)).toEqual({ body, warnings: [] })
  })

  test.each<[string, Settings, string, object, RegExp]>([
    [
      'a budget that is too small',
      { reasoning: { budgetTokens: 100 } },
      BUDGETED,
      additional(budget(1024)),
      /reasoning: .*1024/,
    ],
    [
      'a limit that the budget fills',
      { reasoning: { budgetTokens: 2000 }, maxTokens: 1000 },
      BUDGETED,
      { ...additional(budget(2000)), ...inference({ maxTokens: 3000 }) },
      /maxTokens: .*3000/,
    ],
    [
      'a limit below the smallest budget',
      { reasoning: 'low', maxTokens: 500 },
      BUDGETED,
      { ...additional(budget(1024)), ...inference({ maxTokens: 1524 }) },
      /maxTokens: .*1524/,
    ],
    [
      'an effort the model does not have',
      { reasoning: 'xhigh' },
      ADAPTIVE,
      additional({ thinking: { type: 'adaptive' }, output_config: { effort: 'high' } }),
      /reasoning: .*"high"/,
    ],
    [
      'a budget to a model of efforts',
      { reasoning: { budgetTokens: 9000 } },
      GPT_OSS,
      additional({ reasoning_effort: 'medium' }),
      /reasoning: .*no budget/,
    ],
    [
      'off, for one that always thinks',
      { reasoning: 'none' },
      GPT_OSS,
      additional({ reasoning_effort: 'low' }),
      /always thinks/,
    ],
    ['the lowest effort', { reasoning: 'minimal' }, QWEN, additional({ reasoning_config: 'low' }), /"low"/],
    [
      'high effort with a limit',
      { reasoning: 'high', maxTokens: 9 },
      NOVA_2,
      {
        ...additional({ reasoningConfig: { type: 'enabled', maxReasoningEffort: 'high' } }),
        inferenceConfig: {},
      },
      /maxTokens: /,
    ],
    [
      'a temperature',
      { reasoning: 'low', temperature: 0.2 },
      BUDGETED,
      { ...additional(budget(4096)), ...inference({}) },
      /temperature: /,
    ],
    [
      'a low top-p',
      { reasoning: 'low', topP: 0.5 },
      BUDGETED,
      { ...additional(budget(4096)), ...inference({ topP: 0.95 }) },
      /topP: /,
    ],
    ['top-k', { reasoning: 'low', topK: 5 }, BUDGETED, additional(budget(4096)), /topK: /],
    [
      'a forced tool',
      { reasoning: 'low', tools, toolChoice: 'required' },
      BUDGETED,
      {
        ...additional(budget(4096)),

        toolConfig: { tools: [look], toolChoice: { auto: {} } },
      },
      /toolChoice: /,
    ],
  ])('%s gives a warning', (...[, settings, model, body, warning]) => {
    const sent = send(settings, model)
    expect(sent.body).toEqual(body)
    expect(sent.warnings).toEqual([expect.stringMatching(warning)])
  })

  test('thinking is not asked for inside a tool round that began without it', () => {
    const call = { type: 'tool-call', id: 'a', name: 'look', arguments: {} } as const
    const round: Message[] = [
      { role: 'user', content: 'Look.' },
      { role: 'assistant', content: [call] },
      { role: 'tool', toolCallId: 'a', content: 'blue' },
    ]
    const without = send({ reasoning: 'low', tools }, BUDGETED, round)
    expect(without.body).toEqual({ toolConfig: { tools: [look] } })
    expect(without.warnings).toEqual([expect.stringContaining('holds no reasoning')])
    const thought = { type: 'reasoning', text: 'Hm.', signature: 'c2ln', origin: 'bedrock-converse' } as const
    const began = round.with(1, { role: 'assistant', content: [thought, call] })
    expect(send({ reasoning: 'low', tools }, BUDGETED, began).body).toMatchObject(additional(budget(4096)))
  })
})

describe('the model in the path', () => {
  test.each([
    ['us.meta.llama3-3-70b-instruct-v1:0', 'us.meta.llama3-3-70b-instruct-v1%3A0'],
    [
      'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-6',
      'arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.anthropic.claude-sonnet-4-6',
    ],
  ])('%s', (model, segment) => {
    const { endpoint } = bedrock.dialect
    expect(endpoint({ model, stream: false, quirks: {} })).toBe(`/model/${segment}/converse`)
    expect(endpoint({ model, stream: true, quirks: {} })).toBe(`/model/${segment}/converse-stream`)
  })
})

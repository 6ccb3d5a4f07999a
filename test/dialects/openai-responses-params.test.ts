import { describe, expect, test } from 'vitest'
import { settingNames } from '../../src/core/params.ts'
import type { Settings } from '../../src/core/request.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { openai } from '../../src/providers/openai.ts'
import { sendTo, type SendOptions, type Sent } from './sent.ts'

const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] } as const
const tools = [{ name: 'look', description: 'Looks.', parameters: schema }, { name: 'now' }] as const

function send(settings: Settings, options: Partial<SendOptions> = {}): Sent {
  return sendTo(openai, settings, { api: 'responses', model: 'gpt-4.1-mini', ...options })
}

test('nothing asked for: model, input, and nothing kept', () => {
  const input = [{ role: 'user', content: 'hi' }]
  expect(send({}).body).toEqual({ model: 'gpt-4.1-mini', input, store: false })
  expect(send({}, { stream: true }).body).toMatchObject({ stream: true })
})

describe('a chat model', () => {
  test.each<readonly [string, Settings, JsonObject]>([
    ['maxTokens', { maxTokens: 50 }, { max_output_tokens: 50 }],
    ['temperature', { temperature: 0.3 }, { temperature: 0.3 }],
    ['topP', { topP: 0.5 }, { top_p: 0.5 }],
    ['logprobs', { logprobs: true }, { include: ['message.output_text.logprobs'] }],
    ['topLogprobs', { topLogprobs: 3 }, { include: ['message.output_text.logprobs'], top_logprobs: 3 }],
    ['text', { responseFormat: 'text' }, { text: { format: { type: 'text' } } }],
    ['JSON', { responseFormat: 'json' }, { text: { format: { type: 'json_object' } } }],
    [
      'JSON by a schema',
      { responseFormat: { type: 'json', schema, name: 'thing', description: 'A thing.', strict: true } },
      {
        text: {
          format: { type: 'json_schema', name: 'thing', description: 'A thing.', schema, strict: true },
        },
      },
    ],
    [
      'tools, flat and never strict by accident',
      { tools },
      {
        tools: [
          { type: 'function', name: 'look', description: 'Looks.', parameters: schema, strict: false },
          {
            type: 'function',
            name: 'now',
            parameters: { type: 'object', properties: {} },
            strict: false,
          },
        ],
      },
    ],
    [
      'a strict tool',
      { tools: [{ ...tools[0], strict: true }] },
      {
        tools: [{ type: 'function', name: 'look', description: 'Looks.', parameters: schema, strict: true }],
      },
    ],
    ['toolChoice none', { tools, toolChoice: 'none' }, { tool_choice: 'none' }],
    ['toolChoice required', { tools, toolChoice: 'required' }, { tool_choice: 'required' }],
    [
      'toolChoice by name',
      { tools, toolChoice: { name: 'now' } },
      { tool_choice: { type: 'function', name: 'now' } },
    ],
    ['parallelToolCalls', { tools, parallelToolCalls: false }, { parallel_tool_calls: false }],
    ['user', { user: 'u-1' }, { safety_identifier: 'u-1' }],
    ['metadata', { metadata: { a: 'b' } }, { metadata: { a: 'b' } }],
  ])('%s', (_name, settings, fields) => {
    const { body, warnings } = send(settings)
    expect(body).toMatchObject(fields)
    expect(warnings).toEqual([])
  })

  test('log probabilities that are not wanted ask for nothing', () => {
    expect(send({ logprobs: false }).body).not.toHaveProperty('include')
  })

  test('fewer tokens than the vendor takes are raised', () => {
    const { body, warnings } = send({ maxTokens: 5 })
    expect(body).toMatchObject({ max_output_tokens: 16 })
    expect(warnings).toEqual([expect.stringMatching(/^maxTokens: .*16/)])
  })

  test.each<Settings>([
    { topK: 5 },
    { minP: 0.1 },
    { stop: 'END' },
    { seed: 1 },
    { frequencyPenalty: 0.5 },
    { presencePenalty: 0.5 },
    { repetitionPenalty: 1.1 },
    { logitBias: { '1': 5 } },
    { n: 2 },
    { reasoning: 'high' },
  ])('%j is not sent, and said why', (settings) => {
    const [setting = ''] = Object.keys(settings)
    const { body, warnings } = send(settings)
    expect(body).toEqual(send({}).body)
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`^${setting}: .*not sent.*: \\w`))])
  })

  test('every setting is in the map', () => {
    const { params } = openai.apis?.['responses']?.dialect ?? {}
    expect(Object.keys(params ?? {}).toSorted()).toEqual([...settingNames].toSorted())
  })
})

describe('a reasoning model', () => {
  const reasoner = { model: 'gpt-5-mini' }
  const sealed = ['reasoning.encrypted_content']

  test('gives its reasoning sealed, whether effort was asked for or not', () => {
    expect(send({}, reasoner).body).toMatchObject({ include: sealed, store: false })
    expect(send({}, { model: 'gpt-4.1' }).body).not.toHaveProperty('include')
    expect(send({}, { model: 'gpt-5-chat-latest' }).body).not.toHaveProperty('include')
  })

  test.each<readonly [Settings['reasoning'], JsonObject]>([
    ['high', { effort: 'high' }],
    [true, { effort: 'medium' }],
    [
      { effort: 'low', summary: 'detailed' },
      { effort: 'low', summary: 'detailed' },
    ],
    [{ summary: 'auto' }, { summary: 'auto' }],
    [{ effort: 'low', thinking: false }, { effort: 'none' }],
    [false, { effort: 'none' }],
    [{ effort: 'none' }, { effort: 'none' }],
  ])('reasoning %j', (reasoning, wire) => {
    const { body, warnings } = send({ reasoning }, { model: 'gpt-5.4' })
    expect(body['reasoning']).toEqual(wire)
    expect(warnings).toEqual([])
  })

  test.each([
    [0, 'none'],
    [2_000, 'low'],
    [10_000, 'medium'],
    [50_000, 'high'],
  ])('a budget of %d tokens becomes effort %s, and it is said', (budgetTokens, effort) => {
    const { body, warnings } = send({ reasoning: { budgetTokens } }, { model: 'gpt-5.4' })
    expect(body['reasoning']).toMatchObject({ effort })
    expect(warnings).toEqual([expect.stringContaining(`"${effort}"`)])
  })

  test('reasoning without a measure is the model’s own', () => {
    const { body, warnings } = send({ reasoning: {} }, reasoner)
    expect(body).not.toHaveProperty('reasoning')
    expect(warnings).toEqual([])
  })

  test.each<Settings>([{ temperature: 1 }, { topP: 0.5 }, { logprobs: true }])(
    '%j is not sent: it takes no sampling settings',
    (settings) => {
      const { body, warnings } = send(settings, reasoner)
      expect(body).toEqual(send({}, reasoner).body)
      expect(warnings).toEqual([expect.stringContaining('no sampling settings')])
    },
  )

  test('a server without traits: sealed where reasoning was asked for', () => {
    const other = { ...openai, params: {}, models: {}, apis: {}, dialect: openai.apis!['responses']!.dialect }
    const target = { model: 'any' }
    expect(sendTo(other, { reasoning: 'low' }, target).body).toMatchObject({ include: sealed })
    expect(sendTo(other, {}, target).body).not.toHaveProperty('include')
    const quirks = { sealedReasoning: false }
    expect(sendTo(other, { reasoning: 'low' }, { ...target, quirks }).body).not.toHaveProperty('include')
  })
})

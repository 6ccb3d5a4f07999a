import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import type { Settings } from '../../src/core/request.ts'
import { anthropicMessages } from '../../src/dialects/anthropic-messages/index.ts'
import { anthropic } from '../../src/providers/anthropic.ts'
import { MODEL, schema, send, tools } from './anthropic-messages-send.ts'

describe('every setting', () => {
  test.each<readonly [string, Settings, JsonObject]>([
    ['maxTokens', { maxTokens: 50 }, { max_tokens: 50 }],
    ['temperature', { temperature: 0.3 }, { temperature: 0.3 }],
    ['topP', { topP: 0.5 }, { top_p: 0.5 }],
    ['topK', { topK: 5 }, { top_k: 5 }],
    ['stop', { stop: 'END' }, { stop_sequences: ['END'] }],
    ['stop, several', { stop: ['A', 'B'] }, { stop_sequences: ['A', 'B'] }],
    ['user', { user: 'u-1' }, { metadata: { user_id: 'u-1' } }],
    [
      'tools',
      { tools: [{ ...tools[0], description: 'Looks.' }, { name: 'now' }] },
      {
        tools: [
          { name: 'look', description: 'Looks.', input_schema: tools[0].parameters },
          { name: 'now', input_schema: { type: 'object', properties: {} } },
        ],
      },
    ],
    ['toolChoice auto', { tools, toolChoice: 'auto' }, { tool_choice: { type: 'auto' } }],
    ['toolChoice none', { tools, toolChoice: 'none' }, { tool_choice: { type: 'none' } }],
    ['toolChoice required', { tools, toolChoice: 'required' }, { tool_choice: { type: 'any' } }],
    [
      'toolChoice of one',
      { tools, toolChoice: { name: 'look' } },
      { tool_choice: { type: 'tool', name: 'look' } },
    ],
    [
      'parallelToolCalls off',
      { tools, parallelToolCalls: false },
      { tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
    ],
    [
      'parallelToolCalls on, beside a choice',
      { tools, toolChoice: 'required', parallelToolCalls: true },
      { tool_choice: { type: 'any', disable_parallel_tool_use: false } },
    ],
    [
      'responseFormat with a schema',
      { responseFormat: { type: 'json', schema } },
      {
        output_config: {
          format: { type: 'json_schema', schema: { ...schema, additionalProperties: false } },
        },
      },
    ],
    [
      'reasoning with a budget',
      { reasoning: { budgetTokens: 2_000 } },
      { thinking: { type: 'enabled', budget_tokens: 2_000 } },
    ],
    ['reasoning off', { reasoning: false }, { thinking: { type: 'disabled' } }],
    [
      'reasoning with a budget of nothing',
      { reasoning: { budgetTokens: 0 } },
      { thinking: { type: 'disabled' } },
    ],
  ])('%s is sent', (_name, settings, expected) => {
    const { body, warnings } = send(settings)
    expect(body).toMatchObject(expected)
    expect(warnings).toEqual([])
    const [first = ''] = Object.keys(expected)
    expect(send({}).body[first]).not.toEqual(expected[first])
  })

  test.each<readonly [keyof Settings, Settings]>([
    ['minP', { minP: 0.1 }],
    ['seed', { seed: 1 }],
    ['frequencyPenalty', { frequencyPenalty: 1 }],
    ['presencePenalty', { presencePenalty: 1 }],
    ['repetitionPenalty', { repetitionPenalty: 1.1 }],
    ['logitBias', { logitBias: { 5: 1 } }],
    ['logprobs', { logprobs: true }],
    ['topLogprobs', { topLogprobs: 2 }],
    ['n', { n: 2 }],
    ['metadata', { metadata: { a: 'b' } }],
  ])('%s is not sent, and why is said', (setting, settings) => {
    const { body, warnings } = send(settings)
    expect(body).toEqual(send({}).body)
    expect(
      warnings.some((warning) => warning.startsWith(`unsupported ${setting}: ${setting} was not sent`)),
    ).toBe(true)
  })

  test.each<readonly [string, Settings, JsonObject, string]>([
    ['temperature above 1', { temperature: 1.5 }, { temperature: 1 }, 'changed temperature'],
    ['more tokens than the model gives', { maxTokens: 100_000 }, { max_tokens: 64_000 }, 'changed maxTokens'],
    ['JSON without a schema', { responseFormat: 'json' }, {}, 'changed responseFormat'],
    ['a choice without tools', { toolChoice: 'required' }, {}, 'unsupported toolChoice'],
    ['parallel calls without tools', { parallelToolCalls: false }, {}, 'unsupported parallelToolCalls'],
    [
      'parallel calls beside no calls',
      { tools, toolChoice: 'none', parallelToolCalls: true },
      { tool_choice: { type: 'none' } },
      'changed parallelToolCalls',
    ],
    ['a stop of white space', { stop: ['\n', 'END'] }, { stop_sequences: ['END'] }, 'changed stop'],
    ['top-p beside temperature', { temperature: 0.2, topP: 0.9 }, { temperature: 0.2 }, 'unsupported topP'],
  ])('%s is mended, and that is said', (_name, settings, expected, warning) => {
    const { body, warnings } = send(settings)
    const { tools: _tools, ...plain } = send(settings.tools === undefined ? {} : { tools }).body
    const { tools: _sent, ...rest } = body
    expect(rest).toEqual({ ...plain, ...expected })
    expect(warnings).toHaveLength(1)
    expect(warnings[0]?.startsWith(`${warning}: `)).toBe(true)
  })

  test('text as the format is what comes anyway', () => {
    expect(send({ responseFormat: 'text' })).toEqual(send({}))
  })
})

describe('max_tokens', () => {
  test.each([
    ['a new model', 'claude-opus-5-5', 32_000],
    ['an older one', 'claude-3-5-haiku-20241022', 8_192],
    ['the oldest', 'claude-3-haiku-20240307', 4_096],
    ['an unknown one', 'my-own-model', 4_096],
  ])('is always sent: %s', (_name, model, expected) => {
    expect(send({}, { model }).body['max_tokens']).toBe(expected)
  })
})

test('endpoint and headers', () => {
  expect(anthropicMessages.endpoint({ model: MODEL, stream: true, quirks: {} })).toBe('/messages')
  expect(anthropicMessages.headers).toEqual({ 'anthropic-version': '2023-06-01' })
  expect(anthropic.auth).toEqual({ type: 'header', name: 'x-api-key' })
})

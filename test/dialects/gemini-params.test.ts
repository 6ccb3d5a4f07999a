import { describe, expect, test } from 'vitest'
import { catalogue, type ChatRequest } from 'llm-switchyard'
import { createRegistry } from 'llm-switchyard/adapter'
import { sent } from './gemini-sent.ts'

const tools = [{ name: 'look', description: 'Looks', parameters: { type: 'object', properties: { a: {} } } }]
const schema = { type: 'object', properties: { a: { type: 'string' } } }

describe("settings in the wire's words", () => {
  test.each<[string, Partial<ChatRequest>, object]>([
    ['maxTokens', { maxTokens: 9 }, { maxOutputTokens: 9 }],
    ['temperature', { temperature: 2 }, { temperature: 2 }],
    ['topP', { topP: 0.4 }, { topP: 0.4 }],
    ['topK', { topK: 11 }, { topK: 11 }],
    ['stop, one', { stop: 'END' }, { stopSequences: ['END'] }],
    ['stop, several', { stop: ['a', 'b'] }, { stopSequences: ['a', 'b'] }],
    ['seed', { seed: -5 }, { seed: -5 }],
    ['n', { n: 3, model: 'gemini-2.5-flash' }, { candidateCount: 3 }],
    ['logprobs', { logprobs: true }, { responseLogprobs: true }],
    ['logprobs off', { logprobs: false }, { responseLogprobs: false }],
    ['topLogprobs', { topLogprobs: 4 }, { responseLogprobs: true, logprobs: 4 }],
    ['text', { responseFormat: 'text' }, { responseMimeType: 'text/plain' }],
    ['json', { responseFormat: 'json' }, { responseMimeType: 'application/json' }],
    [
      'schema',
      { responseFormat: { type: 'json', schema, strict: true } },
      { responseMimeType: 'application/json', responseJsonSchema: schema },
    ],
    [
      'a named schema',
      { responseFormat: { type: 'json', schema, name: 'answer', description: 'The answer' } },
      {
        responseMimeType: 'application/json',
        responseJsonSchema: { title: 'answer', description: 'The answer', ...schema },
      },
    ],
  ])('%s', async (_name, settings, config) => {
    const { body, words } = await sent(settings)
    expect(body.generationConfig).toEqual(config)
    expect(words).toEqual([])
    expect((await sent({})).body.generationConfig).toBeUndefined()
  })

  test('penalties go to the models that take them', async () => {
    const penalties = { frequencyPenalty: 0.5, presencePenalty: -0.5 }
    const old = await sent({ model: 'gemini-2.0-flash', ...penalties })
    expect(old.body.generationConfig).toEqual(penalties)
    expect(old.words).toEqual([])
    const { body, words } = await sent({ model: 'gemini-2.5-pro', ...penalties })
    expect(body.generationConfig).toBeUndefined()
    expect(words).toHaveLength(2)
  })

  test('a word or number that is the only one is an enum of one, also deep inside', async () => {
    const format = {
      type: 'object',
      properties: {
        const: { const: 'x' },
        kind: { anyOf: [{ const: 1 }, { const: true }] },
        item: { $ref: '#/$defs/item' },
      },
      $defs: { item: { type: 'array', items: { const: 'y' }, prefixItems: [{ const: 'z' }] } },
    }
    const { body } = await sent({ responseFormat: { type: 'json', schema: format } })
    expect(body.generationConfig?.['responseJsonSchema']).toEqual({
      type: 'object',
      properties: {
        const: { enum: ['x'] },
        kind: { anyOf: [{ enum: [1] }, { type: 'boolean', description: 'One of [true].' }] },
        item: { $ref: '#/$defs/item' },
      },
      $defs: { item: { type: 'array', items: { enum: ['y'] }, prefixItems: [{ enum: ['z'] }] } },
    })
    expect(format.properties.const).toEqual({ const: 'x' })
  })
})

describe('what is lost or changed is said', () => {
  test.each<[string, Partial<ChatRequest>, object | undefined, RegExp]>([
    ['minP', { minP: 0.1 }, undefined, /minP was not sent/],
    ['repetitionPenalty', { repetitionPenalty: 1.1 }, undefined, /repetitionPenalty was not sent/],
    ['logitBias', { logitBias: { '1': 1 } }, undefined, /logitBias was not sent/],
    ['parallelToolCalls', { parallelToolCalls: false }, undefined, /parallelToolCalls was not sent/],
    ['user', { user: 'u' }, undefined, /user was not sent/],
    ['metadata', { metadata: { a: 'b' } }, undefined, /metadata was not sent/],
    ['topK 0', { topK: 0 }, undefined, /cannot turn top-k off/],
    [
      'six stops',
      { stop: ['a', 'b', 'c', 'd', 'e', 'f'] },
      { stopSequences: ['a', 'b', 'c', 'd', 'e'] },
      /first 5 of 6 stop sequences/,
    ],
    ['a large seed', { seed: 2 ** 40 }, { seed: 2_147_483_647 }, /seed 1099511627776 was sent/],
    ['n 9', { n: 9, model: 'gemini-2.5-flash' }, { candidateCount: 8 }, /n 9 was sent .* as 8/],
    [
      'topLogprobs without logprobs',
      { logprobs: false, topLogprobs: 2 },
      { responseLogprobs: false },
      /logprobs is false/,
    ],
    ['toolChoice without tools', { toolChoice: 'required' }, undefined, /request has no tools/],
    [
      'strict: false',
      { responseFormat: { type: 'json', schema, strict: false } },
      { responseMimeType: 'application/json', responseJsonSchema: schema },
      /always enforces the schema/,
    ],
  ])('%s', async (_name, settings, config, words) => {
    const answer = await sent(settings)
    expect(answer.body.generationConfig).toEqual(config)
    expect(answer.words).toEqual([expect.stringMatching(words)])
    expect(answer.body.toolConfig).toBeUndefined()
    await expect(sent({ ...settings, onUnsupported: 'error' })).rejects.toMatchObject({ kind: 'unsupported' })
  })

  test('sampling is not sent to models that ignore it', async () => {
    for (const model of ['gemini-3.8-flash', 'models/gemini-3.8-flash', 'gemini-3.5-flash-lite']) {
      const { body, words } = await sent({ model, temperature: 0, topP: 0.5, topK: 3 })
      expect(body.generationConfig).toBeUndefined()
      expect(words).toHaveLength(3)
    }
    expect((await sent({ model: 'gemini-3.5-flash', temperature: 0 })).body.generationConfig).toEqual({
      temperature: 0,
    })
  })

  test('JSON and tools together go only to models that take both', async () => {
    const both = { responseFormat: 'json', tools } as const
    const { body, words } = await sent({ model: 'gemini-2.5-flash', ...both })
    expect(body.generationConfig).toBeUndefined()
    expect(body.tools).toBeDefined()
    expect(words).toEqual([expect.stringContaining('together with tools')])
    const newer = await sent({ model: 'gemini-3.8-flash', ...both })
    expect(newer.body.generationConfig).toEqual({ responseMimeType: 'application/json' })
    expect(newer.words).toEqual([])
  })
})

describe('tools', () => {
  const declared = [
    {
      functionDeclarations: [
        { name: 'look', description: 'Looks', parametersJsonSchema: tools[0]?.parameters },
      ],
    },
  ]
  const strict = [{ ...tools[0], name: 'look', strict: true }]
  test.each<[string, Partial<ChatRequest>, object | undefined]>([
    ['no choice', { tools }, undefined],
    ['auto', { tools, toolChoice: 'auto' }, { mode: 'AUTO' }],
    ['none', { tools, toolChoice: 'none' }, { mode: 'NONE' }],
    ['required', { tools, toolChoice: 'required' }, { mode: 'ANY' }],
    ['one', { tools, toolChoice: { name: 'look' } }, { mode: 'ANY', allowedFunctionNames: ['look'] }],
    ['strict', { tools: strict }, { mode: 'VALIDATED' }],
    ['strict and auto', { tools: strict, toolChoice: 'auto' }, { mode: 'VALIDATED' }],
    ['strict and required', { tools: strict, toolChoice: 'required' }, { mode: 'ANY' }],
  ])('%s', async (_name, settings, mode) => {
    const { body, words } = await sent(settings)
    expect(body.tools).toEqual(declared)
    expect(body.toolConfig).toEqual(mode && { functionCallingConfig: mode })
    expect(words).toEqual([])
  })

  test('a model that cannot be strict says so', async () => {
    const { body, words } = await sent({ model: 'gemini-2.0-flash', tools: strict, toolChoice: 'auto' })
    expect(body.toolConfig).toEqual({ functionCallingConfig: { mode: 'AUTO' } })
    expect(words).toEqual([expect.stringContaining('does not enforce schemas')])
  })

  test('a tool without parameters takes none', async () => {
    const { body } = await sent({ tools: [{ name: 'clock' }] })
    const parametersJsonSchema = { type: 'object', properties: {} }
    expect(body.tools).toEqual([{ functionDeclarations: [{ name: 'clock', parametersJsonSchema }] }])
  })
})

describe('reasoning', () => {
  type Reasoning = ChatRequest['reasoning']
  const thoughts = { includeThoughts: true }
  test.each<[string, Reasoning, object, number]>([
    ['gemini-2.5-flash', 'low', { thinkingBudget: 1_024, ...thoughts }, 0],
    ['gemini-2.5-flash', true, { thinkingBudget: 8_192, ...thoughts }, 0],
    ['gemini-2.5-flash', 'max', { thinkingBudget: 24_576, ...thoughts }, 0],
    ['gemini-2.5-flash', 'none', { thinkingBudget: 0 }, 0],
    ['gemini-2.5-flash', { budgetTokens: 0 }, { thinkingBudget: 0 }, 0],
    ['gemini-2.5-flash', { effort: 'high', budgetTokens: 500 }, { thinkingBudget: 500, ...thoughts }, 0],
    ['gemini-2.5-flash-lite', { budgetTokens: 100 }, { thinkingBudget: 512, ...thoughts }, 1],
    ['gemini-2.5-pro', 'max', { thinkingBudget: 32_768, ...thoughts }, 0],
    ['gemini-2.5-pro', false, { thinkingBudget: 128 }, 1],
    ['gemini-2.5-pro', { budgetTokens: 99_999 }, { thinkingBudget: 32_768, ...thoughts }, 1],
    ['gemini-3-flash-preview', 'minimal', { thinkingLevel: 'MINIMAL', ...thoughts }, 0],
    ['gemini-3-flash-preview', 'none', { thinkingLevel: 'MINIMAL' }, 1],
    ['gemini-3-flash-preview', true, { thinkingLevel: 'MEDIUM', ...thoughts }, 0],
    ['gemini-3-pro-preview', 'medium', { thinkingLevel: 'HIGH', ...thoughts }, 1],
    ['gemini-3-pro-preview', 'minimal', { thinkingLevel: 'LOW', ...thoughts }, 1],
    ['models/gemini-3-pro-preview', 'low', { thinkingLevel: 'LOW', ...thoughts }, 0],
    ['gemini-3.8-flash', 'xhigh', { thinkingLevel: 'HIGH', ...thoughts }, 1],
    ['gemini-3.8-flash', { budgetTokens: 2_000 }, { thinkingLevel: 'LOW', ...thoughts }, 1],
    ['gemini-3.8-flash', { effort: 'high', budgetTokens: 2_000 }, { thinkingLevel: 'HIGH', ...thoughts }, 0],
    ['a-model-of-tomorrow', 'high', { thinkingLevel: 'HIGH', ...thoughts }, 0],
  ])('%s, %j', async (model, reasoning, thinkingConfig, warnings) => {
    const { body, words } = await sent({ model, reasoning })
    expect(body.generationConfig).toEqual({ thinkingConfig })
    expect(words).toHaveLength(warnings)
  })

  test.each(['gemini-1.5-pro', 'gemini-2.0-flash', 'gemma-3-27b-it', 'gemini-2.5-flash-image'])(
    '%s does not think',
    async (model) => {
      const { body, words } = await sent({ model, reasoning: 'high' })
      expect(body.generationConfig).toBeUndefined()
      expect(words).toEqual([expect.stringContaining('does not reason')])
    },
  )

  test('the map can be read before the call', () => {
    const registry = createRegistry(catalogue)
    const find = (model: string) =>
      registry.explain('google', model).find(({ setting }) => setting === 'temperature')
    expect(find('gemini-3.8-flash')).toMatchObject({ action: 'dropped', why: 'the model ignores it' })
    expect(find('gemini-2.5-flash')).toMatchObject({
      action: 'sent',
      to: 'generationConfig.temperature',
      clamp: [0, 2],
    })
  })
})

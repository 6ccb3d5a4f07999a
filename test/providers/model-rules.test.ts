import { catalogue, type ChatRequest } from 'llm-switchyard'
import { createRegistry } from 'llm-switchyard/adapter'
import { describe, expect, test } from 'vitest'
import { anyVariables, sentBy as sentWith, type Sent } from './sent.ts'

type Body = Readonly<Record<string, unknown>>
type Rule = readonly [model: string, request: Partial<ChatRequest>, expected: Body]

const registry = createRegistry(catalogue)
const tools = [{ name: 'look', parameters: { type: 'object', properties: {} } }]

const sentBy = (request: Parameters<typeof sentWith>[0]): Promise<Sent> =>
  sentWith({ variables: anyVariables, ...request })

/** The part of a body that a rule is about: `undefined` stands for a parameter that is not sent. */
async function check(provider: string, [model, request, expected]: Rule, api?: string): Promise<void> {
  const { body } = await sentBy({ provider, model, api, ...request })
  for (const [path, value] of Object.entries(expected)) expect([path, at(body, path)]).toEqual([path, value])
}

function at(body: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Body | undefined)?.[key], body)
}

const disabled = { type: 'disabled' }
const none = { temperature: undefined, top_p: undefined, top_k: undefined }
const samplers = { temperature: 1, topP: 0.99, topK: 5 } as const
const forced = { tools, toolChoice: 'required' } as const
const kept = { tool_choice: { type: 'any' } }
const freed = { tool_choice: { type: 'auto' } }

interface ClaudeRules {
  readonly model: string
  /** What goes out for thinking off. */
  readonly off: Body
  /** What goes out for a forced tool while the model thinks. */
  readonly tool: Body
  readonly sampled: Body
  /** Absent: the model has a budget instead. */
  readonly efforts?: readonly string[]
  readonly maxOutput: number
  readonly prefill: boolean
}

const all = ['low', 'medium', 'high', 'xhigh', 'max'] as const
const lowest = { thinking: undefined, 'output_config.effort': 'low' }
const oneSampler = { temperature: 1, top_p: undefined, top_k: 5 }
const newest = {
  off: { thinking: disabled },
  tool: kept,
  sampled: none,
  efforts: all,
  maxOutput: 128_000,
  prefill: false,
}
const sampling = { ...newest, sampled: oneSampler, efforts: ['low', 'medium', 'high', 'max'] }
const budgeted = {
  off: { thinking: disabled },
  tool: freed,
  sampled: oneSampler,
  maxOutput: 64_000,
  prefill: true,
}
const claude: readonly ClaudeRules[] = [
  { model: 'claude-fable-5-1', ...newest, off: lowest, tool: freed },
  { model: 'claude-fable-5-2', ...newest, off: lowest, tool: freed },
  { model: 'claude-mythos-5-1', ...newest, off: lowest, tool: freed },
  { model: 'claude-fable-5', ...newest, off: lowest },
  { model: 'claude-opus-5-5', ...newest, off: lowest, tool: freed },
  { model: 'claude-sonnet-5-5', ...newest, off: { thinking: { type: 'between_tools' } }, tool: freed },
  {
    model: 'claude-haiku-5-5',
    ...newest,
    tool: { ...kept, thinking: disabled, 'output_config.effort': 'high' },
    sampled: { temperature: 1, top_p: undefined, top_k: undefined },
  },
  { model: 'claude-opus-5', ...newest },
  { model: 'claude-sonnet-5', ...newest },
  { model: 'claude-opus-4-8', ...newest },
  { model: 'claude-opus-4-7', ...newest },
  { model: 'claude-opus-4-6', ...sampling },
  { model: 'claude-sonnet-4-6', ...sampling },
  { model: 'claude-opus-4-5', ...budgeted },
  { model: 'claude-sonnet-4-5', ...budgeted },
  { model: 'claude-haiku-4-5', ...budgeted },
]

const homes = [
  ['anthropic', undefined, (model: string) => model],
  ['vertex', 'anthropic', (model: string) => `${model}@20261001`],
  ['bedrock', 'invoke', (model: string) => `us.anthropic.${model}-v1:0`],
] as const

describe.each(homes)('Claude of %s (api %s)', (provider, api, idOf) => {
  describe.each(claude)('$model', ({ model, off, tool, sampled, efforts, maxOutput, prefill }) => {
    const id = idOf(model)
    test('thinking off', () => check(provider, [id, { reasoning: 'none' }, off], api))
    test('a forced tool while it thinks', () =>
      check(provider, [id, { reasoning: 'max', ...forced }, tool], api))
    test('samplers', () => check(provider, [id, samplers, sampled], api))
    test('every effort goes out, as itself or as the next weaker one', async () => {
      for (const effort of all) {
        const sent =
          efforts === undefined
            ? { 'output_config.effort': undefined, 'thinking.type': 'enabled' }
            : {
                'output_config.effort': efforts.includes(effort) ? effort : 'high',
                'thinking.type': 'adaptive',
              }
        await check(provider, [id, { reasoning: effort }, sent], api)
      }
    })
    test('the longest answer', () =>
      check(provider, [id, { maxTokens: 200_000 }, { max_tokens: maxOutput }], api))
    test('whether it continues an answer', () => {
      expect(registry.resolve({ provider, model: id, api }).capabilities.prefill).toBe(prefill)
    })
  })
})

describe('Claude of bedrock, converse format', () => {
  const fields = 'additionalModelRequestFields'
  test.each(claude)('$model', async ({ model, off, tool, sampled, efforts, prefill }) => {
    const id = `eu.anthropic.${model}-v1:0`
    const never = off['thinking'] === undefined || model === 'claude-sonnet-5-5'
    const wanted = never
      ? { [`${fields}.thinking.type`]: 'adaptive', [`${fields}.output_config.effort`]: 'low' }
      : { [`${fields}.thinking`]: disabled }
    await check('bedrock', [id, { reasoning: 'none' }, wanted])
    const choice = (tool['tool_choice'] as { type: string }).type
    await check('bedrock', [
      id,
      { reasoning: 'max', ...forced },
      {
        'toolConfig.toolChoice': { [choice]: {} },
        [`${fields}.thinking.type`]:
          model === 'claude-haiku-5-5' ? 'disabled' : efforts === undefined ? 'enabled' : 'adaptive',
      },
    ])
    await check('bedrock', [
      id,
      samplers,
      {
        'inferenceConfig.temperature': sampled['temperature'],
        'inferenceConfig.topP': undefined,
        [`${fields}.top_k`]: sampled['top_k'],
      },
    ])
    expect(registry.resolve({ provider: 'bedrock', model: id }).capabilities.prefill).toBe(prefill)
  })
})

test('a thinking Claude is not asked to continue an answer', async () => {
  const messages = [
    { role: 'user' as const, content: 'Count.' },
    { role: 'assistant' as const, content: 'One, two' },
  ]
  await check('anthropic', ['claude-haiku-4-5', { messages, reasoning: 'low' }, { thinking: undefined }])
  const id = 'anthropic.claude-haiku-4-5-20251001-v1:0'
  await check('bedrock', [id, { messages, reasoning: 'low' }, { additionalModelRequestFields: undefined }])
})

/** Models of OpenAI: the words that they accept, when they take samplers, and whether they take stop sequences. */
const openai: readonly (readonly [
  model: string,
  efforts: readonly string[],
  samplers: 'never' | 'unthinking' | 'unasked',
  stop: boolean,
])[] = [
  ['o1', ['low', 'medium', 'high'], 'never', true],
  ['o3', ['low', 'medium', 'high'], 'never', false],
  ['o3-mini', ['low', 'medium', 'high'], 'never', true],
  ['o4-mini', ['low', 'medium', 'high'], 'never', false],
  ['gpt-5', ['minimal', 'low', 'medium', 'high'], 'never', false],
  ['gpt-5-mini-2025-08-07', ['minimal', 'low', 'medium', 'high'], 'never', false],
  ['gpt-5.1', ['none', 'low', 'medium', 'high'], 'unasked', false],
  ['gpt-5.2', ['none', 'low', 'medium', 'high', 'xhigh'], 'unasked', false],
  ['gpt-5.4-mini', ['none', 'low', 'medium', 'high', 'xhigh'], 'unasked', false],
  ['gpt-5.5', ['none', 'low', 'medium', 'high', 'xhigh'], 'unthinking', true],
  ['gpt-5.2-chat-latest', ['medium'], 'never', false],
  ['gpt-5.6-sol', ['none', 'low', 'medium', 'high', 'xhigh', 'max'], 'unthinking', true],
  ['gpt-6-sol', ['none', 'low', 'medium', 'high', 'xhigh', 'max'], 'unthinking', true],
  ['gpt-6-luna', ['none', 'low', 'medium', 'high', 'xhigh', 'max'], 'unthinking', true],
  ['gpt-6.1-terra', ['none', 'low', 'medium', 'high', 'xhigh', 'max'], 'unthinking', true],
  ['gpt-6-astra', ['low', 'medium', 'high', 'xhigh'], 'never', true],
  ['gpt-6.1-sol', ['low', 'medium', 'high', 'xhigh'], 'never', true],
  ['gpt-6.2-sol', ['low', 'medium', 'high', 'xhigh'], 'never', true],
  ['gpt-6.2-astra', ['low', 'medium', 'high', 'xhigh'], 'never', true],
]
const WORDS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const
const upToMax: ReadonlySet<string> = new Set(['gpt-6-astra', 'gpt-6.1-sol', 'gpt-6.2-sol', 'gpt-6.2-astra'])
const asked = { temperature: 0.5, topP: 0.5, logprobs: true } as const

/** Without `api`, models whose chat completions refuse tools with reasoning go over the responses format. */
const overResponses = /^gpt-(5\.6|6)/

describe.each([
  ['openai', undefined],
  ['azure', undefined],
  ['openai', 'chat'],
  ['azure', 'chat'],
  ['azure', 'deployments'],
  ['openai', 'responses'],
  ['azure', 'responses'],
])('OpenAI by %s (api %s)', (provider, api) => {
  describe.each(openai)('%s', (model, chatEfforts, when, stop) => {
    const responses = api === 'responses' || (api === undefined && overResponses.test(model))
    const word = responses ? 'reasoning.effort' : 'reasoning_effort'
    const sampled = (sends: boolean): Body => ({
      temperature: sends ? 0.5 : undefined,
      top_p: sends ? 0.5 : undefined,
      ...(responses ? {} : { logprobs: sends ? true : undefined }),
    })
    test('the format', async () => {
      const { url } = await sentBy({ provider, api, model })
      expect(url).toMatch(responses ? /\/responses$/ : /\/chat\/completions(\?|$)/)
    })
    const efforts = responses && upToMax.has(model) ? [...chatEfforts, 'max'] : chatEfforts
    test('only its efforts are sent', async () => {
      for (const effort of WORDS) {
        const { body, warnings } = await sentBy({ provider, api, model, reasoning: effort })
        expect(efforts).toContain(at(body, word))
        if (efforts.includes(effort)) expect([at(body, word), warnings]).toEqual([effort, []])
        else expect(warnings).toEqual([expect.stringContaining('reasoning')])
      }
    })
    test('samplers', async () => {
      await check(provider, [model, asked, sampled(when === 'unasked')], api)
      await check(provider, [model, { ...asked, reasoning: 'high' }, sampled(false)], api)
      await check(provider, [model, { ...asked, reasoning: 'none' }, sampled(when !== 'never')], api)
    })
    test('stop sequences and the limit', async () => {
      const limit = responses ? 'max_output_tokens' : 'max_completion_tokens'
      const sent = { stop: stop && !responses ? ['END'] : undefined, [limit]: 100, max_tokens: undefined }
      await check(provider, [model, { stop: ['END'], maxTokens: 100 }, sent], api)
    })
    test('penalties and a bias are never sent', () =>
      check(
        provider,
        [
          model,
          { frequencyPenalty: 1, presencePenalty: 1, logitBias: { 5: 1 } },
          { frequency_penalty: undefined, presence_penalty: undefined, logit_bias: undefined },
        ],
        api,
      ))
    test('encrypted reasoning is asked for in the responses format', async () => {
      const { body } = await sentBy({ provider, api, model })
      expect(body['include']).toEqual(responses ? ['reasoning.encrypted_content'] : undefined)
    })
  })

  test('log probabilities of a thinking model', async () => {
    if (api !== undefined && api !== 'responses') return
    const whole = { provider, api, model: 'gpt-5.6-sol', logprobs: true } as const
    const probabilities = 'message.output_text.logprobs'
    expect((await sentBy(whole)).body['include']).not.toContain(probabilities)
    expect((await sentBy({ ...whole, reasoning: 'none' })).body['include']).toContain(probabilities)
  })
})

test('gpt-5.6 has no tools while it thinks in chat completions', async () => {
  const request = { provider: 'openai', model: 'gpt-5.6', api: 'chat', tools }
  expect((await sentBy(request)).body['reasoning_effort']).toBe('none')
  const { body, warnings } = await sentBy({ ...request, reasoning: 'high' })
  expect(body['reasoning_effort']).toBe('none')
  expect(warnings).toEqual([expect.stringContaining("api: 'responses'")])
  const other = await sentBy({ ...request, reasoning: 'high', api: 'responses' })
  expect(other.body['reasoning']).toMatchObject({ effort: 'high' })
})

const config = 'generationConfig'
const level = `${config}.thinkingConfig.thinkingLevel`
const budget = `${config}.thinkingConfig.thinkingBudget`
const noSamplers = {
  [`${config}.temperature`]: undefined,
  [`${config}.topP`]: undefined,
  [`${config}.topK`]: undefined,
}
const gemini: readonly Rule[] = [
  ['gemini-2.5-pro', { reasoning: { budgetTokens: 100_000 } }, { [budget]: 32_768 }],
  ['gemini-2.5-pro', { reasoning: 'none' }, { [budget]: 128 }],
  ['gemini-2.5-flash', { reasoning: 'none' }, { [budget]: 0 }],
  ['gemini-2.5-flash', { n: 2 }, { [`${config}.candidateCount`]: 2 }],
  ...[
    'gemini-3-flash',
    'gemini-3.1-flash',
    'gemini-3.5-flash',
    'gemini-3.6-flash',
    'gemini-3.5-flash-lite',
  ].map((model): Rule => [model, { reasoning: 'minimal' }, { [level]: 'MINIMAL', [budget]: undefined }]),
  ...[
    'gemini-3-pro',
    'gemini-3.1-pro',
    'gemini-3.7-flash',
    'gemini-3.8-flash',
    'gemini-4-argon',
    'gemini-4-carbon',
  ].map((model): Rule => [model, { reasoning: 'minimal' }, { [level]: 'LOW' }]),
  ['gemini-4-argon', { reasoning: 'xhigh' }, { [level]: 'HIGH' }],
  ['gemini-4-hydrogen', { reasoning: 'xhigh' }, { [level]: 'XHIGH' }],
  ['gemini-3-flash', { temperature: 0.5 }, { [`${config}.temperature`]: 0.5 }],
  ...[
    'gemini-3.5-flash-lite',
    'gemini-3.6-flash',
    'gemini-3.7-flash',
    'gemini-3.8-flash',
    'gemini-4-argon',
  ].map((model): Rule => [model, { temperature: 0.5, topP: 0.5, topK: 5 }, noSamplers]),
  ...['gemini-3-pro', 'gemini-3.1-flash', 'gemini-3.5-flash', 'gemini-4-carbon'].map((model): Rule => [
    model,
    { n: 2 },
    { [`${config}.candidateCount`]: undefined },
  ]),
]
test.each(gemini)('Gemini: %s, %j', (...rule) => check('google', rule))
test.each(gemini)('Gemini by Vertex AI: %s, %j', (...rule) => check('vertex', rule))

test('penalties of Gemini 2.5 are refused by the Developer API alone', async () => {
  const penalty = `${config}.frequencyPenalty`
  await check('google', ['gemini-2.5-flash', { frequencyPenalty: 1 }, { [penalty]: undefined }])
  await check('vertex', ['gemini-2.5-flash', { frequencyPenalty: 1 }, { [penalty]: 1 }])
})

const effort = 'reasoning_effort'
const others: readonly (readonly [provider: string, ...Rule])[] = [
  ...['grok-4', 'grok-4-0709', 'grok-4-fast-reasoning', 'grok-4-1-fast', 'grok-4.20-0309-reasoning'].map(
    (model) => ['xai', model, { reasoning: 'low' }, { [effort]: undefined }] as const,
  ),
  ...['grok-build', 'grok-composer-2.5-fast', 'grok-code-fast-1', 'grok-3', 'grok-4.20-non-reasoning'].map(
    (model) => ['xai', model, { reasoning: 'low' }, { [effort]: undefined }] as const,
  ),
  ['xai', 'grok-4.20-multi-agent', { reasoning: 'low' }, { [effort]: 'low' }],
  ['xai', 'grok-4.3', { reasoning: 'none' }, { [effort]: 'none' }],
  [
    'xai',
    'grok-4.6',
    { reasoning: 'high', stop: ['END'], frequencyPenalty: 1 },
    { [effort]: 'high', stop: undefined },
  ],
  ['deepseek', 'deepseek-v4-pro', { reasoning: 'none', temperature: 0.5 }, { temperature: 0.5 }],
  ...['kimi-k2.5', 'kimi-k2.7', 'kimi-k3'].map(
    (model) =>
      [
        'moonshot',
        model,
        { temperature: 0.5, topP: 0.5, n: 2, presencePenalty: 1, seed: 5 },
        {
          temperature: undefined,
          top_p: undefined,
          n: undefined,
          presence_penalty: undefined,
          seed: undefined,
        },
      ] as const,
  ),
  ['moonshot', 'kimi-k2.7', { reasoning: 'none' }, { thinking: undefined }],
  ['moonshot', 'kimi-k3', { reasoning: 'none' }, { [effort]: 'low' }],
  [
    'moonshot',
    'kimi-k2.5',
    { tools: [{ ...tools[0], name: 'look', strict: true }] },
    { 'tools.0.function.strict': undefined },
  ],
  ['mistral', 'mistral-large-2411', { reasoning: 'high' }, { [effort]: undefined }],
  ['mistral', 'mistral-large-4', { reasoning: 'none' }, { [effort]: 'low' }],
  ['mistral', 'mistral-large-4', { reasoning: 'medium' }, { [effort]: 'medium' }],
  ['mistral', 'glm-5.3', { reasoning: 'max' }, { [effort]: 'max' }],
  ['mistral', 'mistral-medium-3.5', { reasoning: 'low' }, { [effort]: 'high' }],
  ['groq', 'qwen/qwen3-32b', { reasoning: 'high' }, { [effort]: 'default' }],
  ['groq', 'qwen/qwen3.8-27b', { reasoning: 'high' }, { [effort]: 'high' }],
  ['groq', 'openai/gpt-oss-120b', { reasoning: 'max' }, { [effort]: 'high' }],
  [
    'groq',
    'llama-3.3-70b-versatile',
    { n: 2, logprobs: true, presencePenalty: 1 },
    { n: undefined, logprobs: undefined },
  ],
]
test.each(others)('%s: %s, %j', (provider, ...rule) =>
  check(provider, rule, provider === 'xai' ? 'chat' : undefined),
)

test.each<Rule>([
  ['grok-4.6', { stop: ['END'], frequencyPenalty: 1 }, { stop: undefined, frequency_penalty: undefined }],
  ['grok-4.3', { reasoning: 'xhigh' }, { 'reasoning.effort': 'high' }],
  ['grok-4.20-reasoning', { reasoning: 'low' }, { reasoning: undefined }],
  ['grok-4.6', {}, { include: ['reasoning.encrypted_content'] }],
])('xAI, responses format, which is its default: %s, %j', async (...rule) => {
  await check('xai', rule, 'responses')
  await check('xai', rule)
})

const started = [
  { role: 'user' as const, content: 'Count.' },
  { role: 'assistant' as const, content: 'One, two' },
]
/** Who continues an answer, and how the request says so. */
const prefills: readonly (readonly [provider: string, model: string, api: string | undefined, sent: Body])[] =
  [
    ['mistral', 'mistral-small-latest', undefined, { 'messages.1.prefix': true }],
    ['moonshot', 'kimi-k2.6', undefined, { 'messages.1.partial': true }],
    ['deepseek', 'deepseek-chat', 'beta', { 'messages.1.prefix': true }],
    ['qwen', 'qwen-plus', undefined, { 'messages.1.partial': true }],
    ['vllm', 'm', undefined, { continue_final_message: true, add_generation_prompt: false }],
    ['aphrodite', 'm', undefined, { continue_final_message: true, add_generation_prompt: false }],
    ['text-generation-webui', 'm', undefined, { continue_: true }],
    ['llamacpp', 'm', undefined, { 'messages.1.role': 'assistant' }],
  ]
test.each(prefills)('%s (%s, api %s) continues an answer', async (provider, model, api, sent) => {
  expect(registry.resolve({ provider, model, api }).capabilities.prefill).toBe(true)
  await check(provider, [model, { messages: started }, sent], api)
})

test.each([
  ['openai', 'gpt-4.1'],
  ['anthropic', 'claude-opus-4-6'],
  ['google', 'gemini-3.6-flash'],
  ['google', 'gemini-4-argon'],
  ['deepseek', 'deepseek-chat'],
  ['moonshot', 'kimi-k3'],
  ['moonshot', 'kimi-k2-thinking'],
])('%s/%s does not continue an answer', (provider, model) => {
  expect(registry.resolve({ provider, model }).capabilities.prefill ?? false).toBe(false)
})

import { describe, expect, test } from 'vitest'
import { sentBy } from './sent.ts'

const tools = [{ name: 'look', parameters: { type: 'object', properties: {} } }]
const schema = { type: 'object', properties: { a: { type: 'string' } } }
const question = { role: 'user' as const, content: 'Hi' }
const thought = {
  role: 'assistant' as const,
  content: [
    { type: 'reasoning' as const, text: 'Hm.' },
    { type: 'text' as const, text: 'Yes.' },
  ],
}
const answered = [question, { role: 'assistant' as const, content: 'Yes.' }, question]

describe('top-p and top-k have one name each, whatever the provider', () => {
  test.each(['openai', 'groq', 'qwen', 'mistral', 'openrouter', 'huggingface', 'tabbyapi', 'vllm'])(
    '%s',
    async (provider) => {
      const { body, warnings } = await sentBy({ provider, topP: 0.5 })
      expect(body['top_p']).toBe(0.5)
      expect(warnings).toEqual([])
    },
  )
})

describe('local servers take the same settings as their vendors, under the names of their wire', () => {
  test.each([
    ['llamacpp', 'repeat_penalty'],
    ['localai', 'repeat_penalty'],
    ['lmstudio', 'repeat_penalty'],
    ['text-generation-webui', 'repetition_penalty'],
    ['vllm', 'repetition_penalty'],
    ['aphrodite', 'repetition_penalty'],
    ['tabbyapi', 'repetition_penalty'],
  ])('%s', async (provider, repetition) => {
    const request = { temperature: 0.5, topK: 11, maxTokens: 77, stop: 'END', tools, repetitionPenalty: 1.1 }
    const { body, warnings } = await sentBy({ provider, ...request })
    expect(body).toMatchObject({
      temperature: 0.5,
      top_k: 11,
      max_tokens: 77,
      stop: ['END'],
      [repetition]: 1.1,
    })
    expect(body['tools']).toHaveLength(1)
    expect(warnings).toEqual([])
  })
})

describe('Moonshot', () => {
  const v1 = { provider: 'moonshot', model: 'moonshot-v1-8k' }

  test('n is sent as 1 below a temperature of 0.3, and at the default one', async () => {
    for (const temperature of [undefined, 0, 0.29]) {
      const { body, warnings } = await sentBy({ ...v1, n: 3, temperature })
      expect(body['n']).toBe(1)
      expect(warnings).toEqual([expect.stringContaining('n: n 3 was sent to moonshot-v1-8k as 1')])
    }
    expect((await sentBy({ ...v1, n: 3, temperature: 0.3 })).body['n']).toBe(3)
    expect((await sentBy(v1)).body).not.toHaveProperty('n')
    expect((await sentBy({ ...v1, n: 1 })).warnings).toEqual([])
  })

  test('the samplers of the Kimi models are fixed, and thinking can be turned off where there is a switch', async () => {
    const k26 = { provider: 'moonshot', model: 'kimi-k2.6' }
    const { body, warnings } = await sentBy({ ...k26, temperature: 0.2, topP: 0.5, n: 2 })
    expect(body).not.toMatchObject({ temperature: expect.anything() })
    expect(warnings).toHaveLength(3)
    expect((await sentBy({ ...k26, reasoning: 'none' })).body['thinking']).toEqual({ type: 'disabled' })
    const k3 = await sentBy({ provider: 'moonshot', model: 'kimi-k3', reasoning: 'medium' })
    expect(k3.body).toMatchObject({ reasoning_effort: 'low' })
    expect(k3.body).not.toHaveProperty('thinking')
    expect(k3.warnings).toEqual([expect.stringContaining('low, high, max')])
  })

  test('a tool is forced only on a model that does not think', async () => {
    const forced = { provider: 'moonshot', tools, toolChoice: 'required' as const }
    const thinking = await sentBy({ ...forced, model: 'kimi-k2.6' })
    expect(thinking.body['tool_choice']).toBe('auto')
    expect(thinking.warnings).toEqual([expect.stringContaining('toolChoice')])
    const silent = await sentBy({ ...forced, model: 'kimi-k2.6', reasoning: 'none' })
    expect(silent.body['tool_choice']).toBe('required')
    const always = await sentBy({ ...forced, model: 'kimi-k3', toolChoice: { name: 'look' } })
    expect(always.body['tool_choice']).toBe('auto')
  })

  test('a model without eyes gets the words, and a mark where the image was', async () => {
    const image = { type: 'image' as const, data: 'AAAA', mediaType: 'image/png' }
    const content = [{ type: 'text' as const, text: 'What is this?' }, image]
    const { body, warnings } = await sentBy({ ...v1, messages: [{ role: 'user', content }] })
    expect(JSON.stringify(body['messages'])).not.toContain('AAAA')
    expect(JSON.stringify(body['messages'])).toContain('[image left out]')
    expect(warnings).toEqual(['messages: images were left out: the model accepts none'])
    const seen = await sentBy({
      provider: 'moonshot',
      model: 'kimi-k2.6',
      messages: [{ role: 'user', content }],
    })
    expect(JSON.stringify(seen.body['messages'])).toContain('AAAA')
    expect(seen.warnings).toEqual([])
  })
})

describe('DeepSeek', () => {
  const v4 = { provider: 'deepseek', model: 'deepseek-v4-pro' }

  test('takes reasoning back on every assistant turn, empty where there was none', async () => {
    const { body } = await sentBy({ ...v4, messages: [question, thought, ...answered] })
    const turns = (body['messages'] as Record<string, unknown>[]).filter(({ role }) => role === 'assistant')
    expect(turns.map((turn) => turn['reasoning_content'])).toEqual(['Hm.', ''])
    expect(turns[0]).toMatchObject({ content: 'Yes.' })
  })

  test('samplers do nothing while it thinks, and that is said', async () => {
    const thinking = await sentBy({ ...v4, temperature: 0.2 })
    expect(thinking.warnings).toEqual([
      expect.stringContaining('temperature has no effect on deepseek-v4-pro'),
    ])
    const silent = await sentBy({ ...v4, temperature: 0.2, reasoning: 'none' })
    expect(silent.body).toMatchObject({ temperature: 0.2, thinking: { type: 'disabled' } })
    expect(silent.body).not.toHaveProperty('reasoning_effort')
    expect(silent.warnings).toEqual([])
  })

  test('thinking has a switch and an effort', async () => {
    const { body, warnings } = await sentBy({ ...v4, reasoning: 'high' })
    expect(body).toMatchObject({ thinking: { type: 'enabled' }, reasoning_effort: 'high' })
    expect(warnings).toEqual([])
  })

  test('a schema is told in words, for it takes JSON mode alone', async () => {
    const { body, warnings } = await sentBy({ ...v4, responseFormat: { type: 'json', schema } })
    expect(body['response_format']).toEqual({ type: 'json_object' })
    expect((body['messages'] as { role: string; content: string }[])[0]).toMatchObject({ role: 'system' })
    expect(JSON.stringify(body['messages'])).toContain('JSON Schema')
    expect(warnings).toContainEqual(expect.stringContaining('responseFormat: the schema was sent'))
  })
})

describe('Groq', () => {
  test('one answer, no penalties, no log probabilities, and the newer name for the limit', async () => {
    const { body, warnings } = await sentBy({
      provider: 'groq',
      maxTokens: 9,
      n: 2,
      logprobs: true,
      frequencyPenalty: 1,
      metadata: { a: 'b' },
    })
    expect(body).toMatchObject({ max_completion_tokens: 9 })
    for (const name of ['max_tokens', 'n', 'logprobs', 'frequency_penalty', 'metadata'])
      expect(body).not.toHaveProperty(name)
    expect(warnings.map((warning) => warning.split(':')[0])).toEqual([
      'frequencyPenalty',
      'logprobs',
      'n',
      'metadata',
    ])
  })

  test('effort in the words of each family, and thoughts apart from the text', async () => {
    const qwen = { provider: 'groq', model: 'qwen/qwen3-32b' }
    expect((await sentBy({ ...qwen, reasoning: 'high' })).body).toMatchObject({
      reasoning_effort: 'default',
      reasoning_format: 'parsed',
    })
    expect((await sentBy({ ...qwen, reasoning: 'none' })).body['reasoning_effort']).toBe('none')
    const oss = await sentBy({ provider: 'groq', model: 'openai/gpt-oss-120b', reasoning: 'none' })
    expect(oss.body).toMatchObject({ reasoning_effort: 'low' })
    expect(oss.body).not.toHaveProperty('reasoning_format')
    expect(oss.warnings).toEqual([expect.stringContaining('always thinks')])
    const llama = await sentBy({ provider: 'groq', model: 'llama-3.3-70b-versatile', reasoning: 'high' })
    expect(llama.body).not.toHaveProperty('reasoning_effort')
  })

  test('a schema as a parameter where the model holds to one', async () => {
    const format = { responseFormat: { type: 'json' as const, schema } }
    const oss = await sentBy({ provider: 'groq', model: 'openai/gpt-oss-20b', ...format })
    expect(oss.body['response_format']).toMatchObject({ type: 'json_schema' })
    const llama = await sentBy({ provider: 'groq', model: 'llama-3.1-8b-instant', ...format })
    expect(llama.body['response_format']).toEqual({ type: 'json_object' })
  })
})

describe('Mistral', () => {
  test('its own words for seed and a forced tool; thoughts go back as parts', async () => {
    const { body } = await sentBy({
      provider: 'mistral',
      model: 'magistral-medium-latest',
      seed: 5,
      tools,
      toolChoice: 'required',
      messages: [question, thought, question],
    })
    expect(body).toMatchObject({ random_seed: 5, tool_choice: 'any' })
    expect((body['messages'] as unknown[])[1]).toEqual({
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] },
        { type: 'text', text: 'Yes.' },
      ],
    })
  })

  test('effort is none or high, on the models that have one', async () => {
    const small = { provider: 'mistral', model: 'mistral-small-latest' }
    expect((await sentBy({ ...small, reasoning: 'low' })).body['reasoning_effort']).toBe('high')
    expect((await sentBy({ ...small, reasoning: 'none' })).body['reasoning_effort']).toBe('none')
    const large = await sentBy({ provider: 'mistral', model: 'mistral-large-latest', reasoning: 'low' })
    expect(large.body).not.toHaveProperty('reasoning_effort')
    expect(large.warnings).toHaveLength(1)
  })

  test('a last assistant turn is marked as a beginning', async () => {
    const begun = [question, { role: 'assistant' as const, content: 'Once upon' }]
    const { body } = await sentBy({ provider: 'mistral', messages: begun })
    expect((body['messages'] as unknown[])[1]).toMatchObject({ content: 'Once upon', prefix: true })
    const before = await sentBy({ provider: 'mistral', messages: answered })
    expect(JSON.stringify(before.body)).not.toContain('prefix')
  })
})

describe('xAI', () => {
  test('reasoning models take no penalties and no stop; others do', async () => {
    const request = { provider: 'xai', api: 'chat', stop: 'END', presencePenalty: 1 }
    const thinking = await sentBy({ ...request, model: 'grok-4.3' })
    expect(thinking.body).not.toHaveProperty('stop')
    expect(thinking.warnings).toHaveLength(2)
    const plain = await sentBy({ ...request, model: 'grok-4.20-0309-non-reasoning' })
    expect(plain.body).toMatchObject({ stop: ['END'], presence_penalty: 1 })
    expect(plain.warnings).toEqual([])
  })

  test('effort only where the model has one', async () => {
    const ask = async (model: string, reasoning: 'none' | 'xhigh') =>
      (
        (await sentBy({ provider: 'xai', model, reasoning })).body['reasoning'] as
          | { effort?: string }
          | undefined
      )?.effort
    expect(await ask('grok-4.3', 'none')).toBe('none')
    expect(await ask('grok-4.5', 'none')).toBe('low')
    expect(await ask('grok-4.5', 'xhigh')).toBe('high')
    expect(await ask('grok-4.6', 'xhigh')).toBe('xhigh')
    expect(await ask('grok-4.20-0309-reasoning', 'xhigh')).toBeUndefined()
    expect(await ask('grok-4.20-multi-agent', 'xhigh')).toBe('xhigh')
    for (const model of ['grok-build', 'grok-composer-2.5-fast', 'grok-code-fast-1', 'grok-4-fast-reasoning'])
      expect(await ask(model, 'xhigh')).toBeUndefined()
  })
})

describe('Z.ai', () => {
  test('no developer role, no forced tool, the end user under its own name', async () => {
    const { body, warnings } = await sentBy({
      provider: 'zai',
      model: 'glm-4.7',
      messages: [{ role: 'developer', content: 'Be brief.' }, question],
      user: 'user-1',
      tools,
      toolChoice: 'required',
    })
    expect((body['messages'] as { role: string }[])[0]?.role).toBe('system')
    expect(body).toMatchObject({ user_id: 'user-1', tool_choice: 'auto', tool_stream: true })
    expect(warnings).toEqual([expect.stringContaining('toolChoice')])
  })

  test('thinking by switch, by switch and effort, or by effort alone', async () => {
    const ask = async (model: string) => (await sentBy({ provider: 'zai', model, reasoning: 'none' })).body
    expect(await ask('glm-4.7')).toMatchObject({ thinking: { type: 'disabled' } })
    expect(await ask('glm-5.3')).toMatchObject({ reasoning_effort: 'low' })
    const both = await sentBy({ provider: 'zai', model: 'glm-5.2', reasoning: 'max' })
    expect(both.body).toMatchObject({ thinking: { type: 'enabled' }, reasoning_effort: 'max' })
  })
})

describe('OpenAI', () => {
  test('reasoning models: the newer limit, the developer role, no samplers, no stop', async () => {
    const { body, warnings } = await sentBy({
      provider: 'openai',
      model: 'gpt-5-mini',
      system: 'Be brief.',
      maxTokens: 9,
      temperature: 0.2,
      topP: 0.5,
      stop: 'END',
    })
    expect(body).toMatchObject({ max_completion_tokens: 9 })
    for (const name of ['max_tokens', 'temperature', 'top_p', 'stop']) expect(body).not.toHaveProperty(name)
    expect((body['messages'] as { role: string }[])[0]?.role).toBe('developer')
    expect(warnings).toHaveLength(3)
  })

  test('those that think when asked to sample when they are not', async () => {
    const model = 'gpt-5.2'
    const plain = await sentBy({ provider: 'openai', model, temperature: 0.2 })
    expect(plain.body['temperature']).toBe(0.2)
    expect(plain.warnings).toEqual([])
    const thinking = await sentBy({ provider: 'openai', model, temperature: 0.2, reasoning: 'xhigh' })
    expect(thinking.body).not.toHaveProperty('temperature')
    expect(thinking.body['reasoning_effort']).toBe('xhigh')
    expect(thinking.warnings).toEqual([expect.stringContaining('temperature was not sent to gpt-5.2')])
  })

  test('effort words are those of the model', async () => {
    const ask = async (model: string) =>
      (await sentBy({ provider: 'openai', model, reasoning: 'minimal' })).body['reasoning_effort']
    expect(await ask('gpt-5')).toBe('minimal')
    expect(await ask('gpt-5.1')).toBe('low')
    expect(await ask('gpt-5.4-pro')).toBe('medium')
    expect(await ask('o4-mini')).toBe('low')
    expect(await ask('gpt-4.1-mini')).toBeUndefined()
  })

  test('a limit above what the model gives is brought down, and that is said', async () => {
    const { body, warnings } = await sentBy({ provider: 'openai', model: 'gpt-4o-mini', maxTokens: 99_999 })
    expect(body['max_tokens']).toBe(16_384)
    expect(warnings).toEqual([expect.stringContaining('1 to 16384')])
  })
})

describe('others', () => {
  test('Qwen: thinking is a boolean with a budget', async () => {
    const { body, warnings } = await sentBy({
      provider: 'qwen',
      model: 'qwen-plus',
      reasoning: { budgetTokens: 500 },
    })
    expect(body).toMatchObject({ enable_thinking: true, thinking_budget: 500 })
    expect(warnings).toEqual([])
    expect((await sentBy({ provider: 'qwen', reasoning: 'none' })).body['enable_thinking']).toBe(false)
    expect((await sentBy({ provider: 'qwen', reasoning: 'high' })).warnings).toHaveLength(1)
  })

  test('OpenRouter: effort or budget in one object, one answer', async () => {
    const ask = async (reasoning: object) =>
      (await sentBy({ provider: 'openrouter', reasoning })).body['reasoning']
    expect(await ask({ effort: 'high' })).toEqual({ effort: 'high' })
    expect(await ask({ budgetTokens: 2_000 })).toEqual({ max_tokens: 2_000 })
    expect((await sentBy({ provider: 'openrouter', n: 2 })).body).not.toHaveProperty('n')
  })

  test('MiniMax: thoughts apart from the text, a switch on the models that have one', async () => {
    const m3 = await sentBy({ provider: 'minimax', model: 'MiniMax-M3', reasoning: 'high' })
    expect(m3.body).toMatchObject({ reasoning_split: true, thinking: { type: 'adaptive' } })
    const m2 = await sentBy({ provider: 'minimax', model: 'MiniMax-M2.7', reasoning: 'none' })
    expect(m2.body).not.toHaveProperty('thinking')
    expect(m2.warnings).toEqual([expect.stringContaining('always thinks')])
  })

  test('Together: thinking off is a switch, log probabilities are a number', async () => {
    expect((await sentBy({ provider: 'together', reasoning: 'none' })).body['reasoning']).toEqual({
      enabled: false,
    })
    expect((await sentBy({ provider: 'together', logprobs: true })).body['logprobs']).toBe(1)
    expect((await sentBy({ provider: 'together', topLogprobs: 5 })).body).toMatchObject({ logprobs: 5 })
  })

  test('vLLM: a budget has a field of its own', async () => {
    const { body, warnings } = await sentBy({ provider: 'vllm', reasoning: { budgetTokens: 500 } })
    expect(body).toMatchObject({ thinking_token_budget: 500 })
    expect(body).not.toHaveProperty('reasoning_effort')
    expect(warnings).toEqual([])
  })

  test('NVIDIA: thinking is a variable of the template', async () => {
    const model = 'nvidia/llama-3.3-nemotron-super-49b-v1.5'
    const { body } = await sentBy({ provider: 'nvidia', model, reasoning: 'none' })
    expect(body['chat_template_kwargs']).toEqual({ enable_thinking: false })
  })

  test.each(['perplexity', 'lmstudio'])(
    '%s: JSON without a schema is asked for by one that fits any object',
    async (provider) => {
      const { body } = await sentBy({ provider, responseFormat: 'json' })
      expect(body['response_format']).toMatchObject({
        type: 'json_schema',
        json_schema: { schema: { type: 'object' } },
      })
    },
  )

  test('Perplexity: no tools, and effort on the models that reason', async () => {
    const { body, warnings } = await sentBy({
      provider: 'perplexity',
      model: 'sonar',
      tools,
      toolChoice: 'required',
    })
    expect(body).not.toHaveProperty('tools')
    expect(warnings).toHaveLength(2)
    const pro = await sentBy({ provider: 'perplexity', model: 'sonar-reasoning-pro', reasoning: 'xhigh' })
    expect(pro.body['reasoning_effort']).toBe('high')
  })

  test('Cerebras: the newer limit, thoughts back as reasoning', async () => {
    const { body } = await sentBy({
      provider: 'cerebras',
      maxTokens: 9,
      messages: [question, thought, question],
    })
    expect(body).toMatchObject({ max_completion_tokens: 9 })
    expect((body['messages'] as unknown[])[1]).toMatchObject({ reasoning: 'Hm.', content: 'Yes.' })
  })
})

import { createOrchestrator, type ChatRequest } from 'llm-switchyard'
import { createOrchestrator as createCore } from 'llm-switchyard/core'
import { modelTable } from 'llm-switchyard/models'
import { azure } from 'llm-switchyard/providers/azure'
import { describe, expect, test } from 'vitest'
import { noting } from '../providers/sent.ts'

describe('explain and models', () => {
  test('a target is explained with its settings, capabilities and facts', async () => {
    const orchestrator = createOrchestrator()
    const { settings, capabilities, facts, ...target } = await orchestrator.explain('openai/gpt-4.1')
    expect(target).toEqual({ provider: 'openai', model: 'gpt-4.1', structuredOutput: 'native' })
    expect(settings).toEqual(orchestrator.registry.explain('openai', 'gpt-4.1'))
    expect(capabilities).toMatchObject({ images: true, tools: true, contextWindow: 1_047_576 })
    expect(facts?.prices?.at(-1)).toMatchObject({ input: 2, output: 8 })
  })

  test('facts complete capabilities and say which settings the model refuses', async () => {
    const { settings, capabilities } = await createOrchestrator().explain('deepinfra/openai/gpt-oss-120b')
    expect(capabilities.contextWindow).toBeGreaterThan(100_000)
    expect(settings.find(({ setting }) => setting === 'temperature')?.action).toBe('sent')
    const own = { provider: 'deepinfra', id: 'mine', refused: ['temperature'], images: false } as const
    const explained = await createOrchestrator({ models: [own] }).explain('deepinfra/mine')
    expect(explained.settings.find(({ setting }) => setting === 'temperature')).toMatchObject({
      action: 'sent',
      why: expect.stringContaining('refuses'),
    })
  })

  test('an unknown model has no facts; an unknown provider is misconfigured', async () => {
    const orchestrator = createOrchestrator()
    expect((await orchestrator.explain('openai/gpt-99')).facts).toBeUndefined()
    await expect(orchestrator.explain('nobody/gpt')).rejects.toMatchObject({ kind: 'misconfigured' })
  })

  test('models lists what is known, with own facts over it', async () => {
    const own = { provider: 'groq', id: 'mine', contextWindow: 5 }
    const orchestrator = createOrchestrator({ models: [own] })
    const groq = await orchestrator.models('groq')
    expect(groq[0]).toMatchObject(own)
    expect(groq.length).toBeGreaterThan(5)
    expect(await orchestrator.models()).toHaveLength(modelTable.list().length + 1)
    expect(await orchestrator.models('nobody')).toEqual([])
  })

  test('another deployment of a provider has the facts of its vendor', async () => {
    const orchestrator = createOrchestrator({ providers: { 'openai-eu': { extends: 'openai' } } })
    expect((await orchestrator.explain('openai-eu/gpt-4.1')).facts?.provider).toBe('openai')
    expect((await orchestrator.models('openai-eu')).length).toBeGreaterThan(5)
  })

  test('without the whole package, only given facts are known', async () => {
    expect((await createCore({ providers: [azure] }).explain('azure/gpt-4.1')).facts).toBeUndefined()
    const own = [{ provider: 'azure', id: 'gpt-4.1', contextWindow: 5 }]
    expect(await createCore({ providers: [azure], models: modelTable }).models('azure')).not.toEqual([])
    const listed = createCore({ providers: [azure], models: own })
    expect((await listed.explain('azure/gpt-4.1')).facts).toMatchObject({ contextWindow: 5 })
    expect(await listed.models()).toHaveLength(1)
  })

  test.each<[string, unknown]>([
    ['a text', 'all'],
    ['a number', 5],
  ])('models: %s is refused', (_name, models) => {
    expect(() => createOrchestrator({ models } as never)).toThrow(/models/)
  })
})

describe('deployments with names of their own', () => {
  const messages = [{ role: 'user' as const, content: 'Hi' }]
  async function bodyOf(request: Partial<ChatRequest>) {
    const requests: Parameters<typeof noting>[0] = []
    const orchestrator = createOrchestrator({
      providers: {
        azure: {
          apiKey: 'key',
          variables: { resource: 'mine' },
          models: { prod: 'gpt-5.4', 'gpt-4o-really-o3': 'o3', small: { maxOutput: 100, tools: false } },
          params: { user: { drop: 'the proxy refuses it' } },
          quirks: { streamUsage: false },
        },
      },
      transport: noting(requests),
    })
    const reply = await orchestrator.chatApiCall({ provider: 'azure', messages, ...request, stream: false })
    const explained = await orchestrator.explain({
      provider: 'azure',
      model: request.model,
      api: request.api,
    })
    return { body: JSON.parse(requests[0]?.body ?? ''), reply, explained }
  }

  test('a deployment says which model it is, in every format', async () => {
    const request = { model: 'prod', reasoning: 'high', temperature: 1 } as const
    const chat = await bodyOf(request)
    expect(chat.body).toMatchObject({ model: 'prod', reasoning_effort: 'high' })
    expect(chat.body).not.toHaveProperty('temperature')
    expect(chat.explained.facts?.id).toBe('gpt-5.4')
    const responses = await bodyOf({ ...request, api: 'responses' })
    expect(responses.body).toMatchObject({ model: 'prod', reasoning: { effort: 'high' } })
    expect((await bodyOf({ ...request, api: 'deployments' })).body).toMatchObject({
      reasoning_effort: 'high',
    })
  })

  test('its name counts for nothing then', async () => {
    const { body } = await bodyOf({ model: 'gpt-4o-really-o3', stop: ['END'], maxTokens: 5 })
    expect(body).toEqual({ model: 'gpt-4o-really-o3', messages, max_completion_tokens: 5 })
  })

  test('capabilities, parameters and quirks of its own', async () => {
    const { body, reply } = await bodyOf({ model: 'small', maxTokens: 1_000, user: 'u' })
    expect(body).toMatchObject({ max_tokens: 100 })
    expect(body).not.toHaveProperty('user')
    expect(reply.warnings.map(({ setting }) => setting)).toEqual(['maxTokens', 'user'])
  })

  test.each([
    ['models', { models: { a: 5 } }],
    ['models', { models: { a: { contextWindow: 'large' } } }],
    ['params', { params: { nothing: {} } }],
  ])('a wrong %s is refused', (path, entry) => {
    expect(() => createOrchestrator({ providers: { azure: entry as never } })).toThrow(
      `providers.azure.${path}`,
    )
  })
})

import { catalogue } from 'llm-switchyard'
import { createModelTable, listKnownModels, modelFacts, modelTable } from 'llm-switchyard/models'
import { describe, expect, test } from 'vitest'

describe('modelFacts', () => {
  test('knows a model with its sources and their dates, newest first', () => {
    const facts = modelFacts('anthropic', 'claude-opus-4-8')
    expect(facts).toMatchObject({
      provider: 'anthropic',
      id: 'claude-opus-4-8',
      contextWindow: 1_000_000,
      maxOutput: 128_000,
      tools: true,
      reasoning: true,
      refused: ['temperature', 'topP', 'topK'],
      cache: { minTokens: 1_024, mode: 'marked' },
    })
    const dates = facts?.sources.map(({ asOf }) => asOf) ?? []
    expect(dates.length).toBeGreaterThan(1)
    expect(dates).toEqual(dates.toSorted().toReversed())
  })

  test.each([
    ['an exact id', 'openai', 'gpt-4.1', 'gpt-4.1'],
    ['its own provider before it', 'openai', 'openai/gpt-4.1', 'gpt-4.1'],
    ['a folder', 'google', 'models/gemini-2.5-pro', 'gemini-2.5-pro'],
    ['a publisher', 'vertex', 'publishers/google/models/gemini-2.5-pro', 'gemini-2.5-pro'],
    ['a date', 'openai', 'gpt-4.1-2025-04-14', 'gpt-4.1'],
    ['a day in one number', 'anthropic', 'claude-opus-4-8-20260528', 'claude-opus-4-8'],
    ['a dated id, which is a row of its own', 'openai', 'gpt-4o-2024-05-13', 'gpt-4o-2024-05-13'],
    ['an alias', 'openai', 'gpt-4-0613', 'gpt-4'],
    ['a vendor in the id', 'openrouter', 'openai/gpt-4.1', 'openai/gpt-4.1'],
  ])('finds %s', (_name, provider, model, id) => {
    expect(modelFacts(provider, model)?.id).toBe(id)
  })

  test.each([
    ['openai', 'gpt-4.1-turbo'],
    ['openai', 'gpt'],
    ['openai', 'my-gpt-4.1'],
    ['anthropic', 'claude-opus-4-88'],
    ['anthropic', 'claude'],
    ['openai', 'claude-opus-4-8'],
    ['nobody', 'gpt-4.1'],
    ['__proto__', 'x'],
    ['openai', 'constructor'],
  ])('takes no similar name for a model: %s/%s', (provider, model) => {
    expect(modelFacts(provider, model)).toBeUndefined()
  })

  test('every row belongs to a provider of the catalogue, and has a source with a date', () => {
    const ids = new Set(catalogue.map(({ id }) => id))
    for (const { provider, id, sources } of listKnownModels()) {
      expect([id, ids.has(provider)]).toEqual([id, true])
      expect(sources.length).toBeGreaterThan(0)
      for (const { asOf } of sources) expect(asOf).toMatch(/^\d{4}-\d{2}-\d{2}$/)
    }
  })

  test('every row is found by its own id, and says nothing impossible', () => {
    for (const facts of listKnownModels()) {
      expect(modelFacts(facts.provider, facts.id)).toBe(facts)
      const numbers = [facts.contextWindow, facts.maxOutput, facts.maxInput].filter(
        (value) => value !== undefined,
      )
      expect(numbers.every((value) => value > 0)).toBe(true)
      const dates = (facts.prices ?? []).map(({ from = '' }) => from)
      expect(dates).toEqual(dates.toSorted())
    }
  })

  test.each(['openai', 'anthropic', 'google', 'bedrock', 'mistral', 'groq', 'xai', 'openrouter', 'azure'])(
    'the default models of %s are known',
    (provider) => expect(listKnownModels(provider).length).toBeGreaterThan(5),
  )

  test('prices hold from a day on', () => {
    const { prices = [] } = modelFacts('google', 'gemini-4-argon') ?? {}
    expect(prices).toEqual([
      { input: 2, output: 10, batchFactor: 0.5 },
      { input: 4, output: 20, from: '2026-12-01', batchFactor: 0.5 },
    ])
  })
})

describe('createModelTable', () => {
  const own = [
    { provider: 'openai', id: 'gpt-4.1', contextWindow: 5, prices: [{ input: 1 }] },
    { provider: 'openai', id: 'mine', aliases: ['my-alias'], tools: true },
    { provider: 'elsewhere', id: 'm', name: 'M' },
  ]
  const table = createModelTable({ own, base: modelTable })

  test('own facts replace others field by field, and the rest stays', () => {
    const facts = table.get('openai', 'gpt-4.1')
    expect(facts).toMatchObject({ contextWindow: 5, maxOutput: 32_768, prices: [{ input: 1 }] })
    expect(facts?.sources[0]).toEqual({ name: 'own', asOf: '' })
    expect(facts?.sources.length).toBeGreaterThan(1)
    expect(table.get('openai', 'gpt-4.1-2025-04-14')?.contextWindow).toBe(5)
  })

  test('new models and providers are added, the table below is as it was', () => {
    expect(table.get('openai', 'my-alias')?.id).toBe('mine')
    expect(table.list('elsewhere')).toHaveLength(1)
    expect(table.get('anthropic', 'claude-opus-4-8')).toBe(modelFacts('anthropic', 'claude-opus-4-8'))
    expect(table.list('openai')).toHaveLength(modelTable.list('openai').length + 1)
    expect(table.list()).toHaveLength(modelTable.list().length + 2)
    expect(modelFacts('openai', 'mine')).toBeUndefined()
  })

  test('a table may have no other below it', () => {
    const alone = createModelTable({ own })
    expect(alone.list()).toHaveLength(3)
    expect(alone.get('openai', 'gpt-4o')).toBeUndefined()
  })
})

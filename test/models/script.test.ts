import { describe, expect, test } from 'vitest'
import { readGenaiPrices } from '../../scripts/model-facts/genai-prices.ts'
import { readLitellm } from '../../scripts/model-facts/litellm.ts'
import { mergeFacts, writeData } from '../../scripts/model-facts/merge.ts'
import { readModelsDev } from '../../scripts/model-facts/models-dev.ts'

const model = {
  id: 'one',
  name: 'One',
  limit: { context: 100, output: 10, input: 0 },
  modalities: { input: ['text', 'image'], output: ['text'] },
  reasoning: true,
  reasoning_options: [
    { type: 'toggle' },
    { type: 'effort', values: ['low', 'high'] },
    { type: 'budget_tokens', min: 5 },
  ],
  interleaved: { field: 'reasoning_content' },
  tool_call: true,
  temperature: false,
  cost: {
    input: 1,
    output: 2,
    cache_read: 0,
    cache_write: 3,
    tiers: [{ tier: { size: 50 }, input: 2, output: 4 }],
  },
  status: 'beta',
}
const facts = {
  provider: 'openai',
  id: 'one',
  name: 'One',
  contextWindow: 100,
  maxOutput: 10,
  inputModalities: ['text', 'image'],
  outputModalities: ['text'],
  tools: true,
  reasoning: true,
  thinkingOff: true,
  efforts: ['low', 'high'],
  thinkingBudget: [5, null],
  refused: ['temperature'],
  status: 'preview',
  replayField: 'reasoning_content',
  prices: [
    { input: 1, output: 2, cacheWrite: { default: 3 }, tiers: [{ overTokens: 50, input: 2, output: 4 }] },
  ],
}

describe('the sources', () => {
  test.each([
    ['api.json', JSON.stringify({ openai: { models: { one: model } }, unheard: { models: { one: model } } })],
    [
      'lines',
      `${JSON.stringify({ provider: 'openai', ...model })}\n\n${JSON.stringify({ provider: 'unheard', ...model })}\n`,
    ],
  ])('models.dev, %s', (_name, text) => {
    const found = readModelsDev(text, '2026-07-02')
    expect(found.source).toEqual({ name: 'models.dev', asOf: '2026-07-02' })
    expect(found.facts).toEqual([facts])
  })

  test('genai-prices: dated prices, tiers, aliases; no patterns', () => {
    const tiered = { base: 1, tiers: [{ start: 200, price: 2 }] }
    const { facts: read } = readGenaiPrices(
      [
        {
          id: 'x-ai',
          models: [
            {
              id: 'one',
              context_window: 9,
              match: { or: [{ equals: 'one' }, { equals: 'uno' }, { starts_with: 'one-' }] },
              prices: [
                {
                  prices: {
                    input_mtok: tiered,
                    output_mtok: 3,
                    cache_write_1h_mtok: 6,
                    web_searches_kcount: 10,
                  },
                },
                { constraint: { type: 'start_date', start_date: '2027-01-01' }, prices: { input_mtok: 9 } },
                { constraint: { type: 'time_of_date' }, prices: { input_mtok: 0.1 } },
              ],
            },
            { id: 'a pattern-', match: { starts_with: 'a pattern-' }, prices: { input_mtok: 1 } },
            { id: 'a name', match: { equals: 'another' }, prices: { input_mtok: 1 } },
          ],
        },
        { id: 'unheard', models: [{ id: 'one', match: { equals: 'one' }, prices: {} }] },
      ],
      '2026-09-23',
    )
    expect(read).toEqual([
      {
        provider: 'xai',
        id: 'one',
        aliases: ['uno'],
        contextWindow: 9,
        prices: [
          {
            input: 1,
            output: 3,
            cacheWrite: { '1h': 6 },
            perSearch: 0.01,
            tiers: [{ overTokens: 200, input: 2 }],
          },
          { from: '2027-01-01', input: 9 },
        ],
      },
    ])
  })

  test('LiteLLM: USD per token, its own prefix removed', () => {
    const text = JSON.stringify({
      sample_spec: { litellm_provider: 'openai' },
      'xai/one': {
        litellm_provider: 'xai',
        max_input_tokens: 5,
        input_cost_per_token: 0.000_002,
        output_cost_per_token: 0.000_01,
        input_cost_per_token_above_200k_tokens: 0.000_004,
        supports_function_calling: true,
        deprecation_date: '2027-01-01',
      },
    })
    expect(readLitellm(text, '2026-10-01').facts).toEqual([
      {
        provider: 'xai',
        id: 'one',
        contextWindow: 5,
        tools: true,
        retiresOn: '2027-01-01',
        prices: [{ input: 2, output: 10, tiers: [{ overTokens: 200_000, input: 4 }] }],
      },
    ])
  })
})

describe('the merge', () => {
  const old = { name: 'old', asOf: '2026-01-01' }
  const newer = { name: 'newer', asOf: '2026-06-01' }

  test('newer facts win field by field, whatever the order of the sources', () => {
    const found = [
      { source: newer, facts: [{ provider: 'openai', id: 'one', contextWindow: 2, aliases: ['b'] }] },
      {
        source: old,
        facts: [{ provider: 'openai', id: 'one', contextWindow: 1, maxOutput: 1, aliases: ['a'] }],
      },
    ]
    const merged = { provider: 'openai', id: 'one', contextWindow: 2, maxOutput: 1, aliases: ['a', 'b'] }
    expect(mergeFacts(found)).toEqual([{ ...merged, sources: [newer, old] }])
    expect(mergeFacts(found.toReversed())).toEqual([{ ...merged, sources: [newer, old] }])
  })

  test('newer prices replace older ones; of equal ones, the fuller stay', () => {
    const merged = (first: object, second: object): unknown =>
      mergeFacts([
        { source: old, facts: [{ provider: 'openai', id: 'one', prices: [first] }] },
        { source: newer, facts: [{ provider: 'openai', id: 'one', prices: [second] }] },
      ])[0]?.prices
    expect(merged({ input: 1, output: 2, cacheRead: 3 }, { input: 2, output: 2 })).toEqual([
      { input: 2, output: 2 },
    ])
    expect(merged({ input: 1, output: 2, cacheRead: 3 }, { input: 1, output: 2, perSearch: 4 })).toEqual([
      { input: 1, output: 2, cacheRead: 3, perSearch: 4 },
    ])
  })

  test('a dated model has the fuller prices of its undated name, if they agree', () => {
    const rows = mergeFacts([
      {
        source: old,
        facts: [
          { provider: 'openai', id: 'one', prices: [{ input: 1, output: 2, perSearch: 3 }] },
          { provider: 'openai', id: 'one-2026-01-01', prices: [{ input: 1, output: 2 }] },
          { provider: 'openai', id: 'one-2025-01-01', prices: [{ input: 9, output: 2 }] },
        ],
      },
    ])
    expect(rows.map(({ id, prices }) => [id, prices?.[0]?.perSearch])).toEqual([
      ['one', 3],
      ['one-2025-01-01', undefined],
      ['one-2026-01-01', 3],
    ])
  })

  test('what is written is read back unchanged', async () => {
    const { readRow } = await import('../../src/models/rows.ts')
    const rows = mergeFacts([{ source: newer, facts: [{ ...facts, id: "it's \\ one" } as never] }])
    const [, json = ''] = /^ {2}'openai': '(.*)',$/m.exec(writeData(rows)) ?? []
    const [row] = JSON.parse(json.replaceAll("\\'", "'").replaceAll('\\\\', '\\')) as never[]
    expect(readRow('openai', row as never, [newer])).toEqual(rows[0])
  })
})

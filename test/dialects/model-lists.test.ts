import { listModels } from 'llm-switchyard'
import { expect, test } from 'vitest'

const created_at = '2026-05-04T00:00:00Z'
const created = Date.parse(created_at) / 1_000

/** Two pages per vendor: what each sends, the address of its second page, and the models that come out. */
const LISTS = {
  anthropic: {
    pages: [
      {
        data: [{ type: 'model', id: 'claude-one', display_name: 'Claude One', created_at }],
        has_more: true,
        first_id: 'claude-one',
        last_id: 'claude-one',
      },
      {
        data: [{ type: 'model', id: 'claude-two' }, { type: 'model' }],
        has_more: false,
        last_id: 'claude-two',
      },
    ],
    urls: [
      'https://api.anthropic.com/v1/models?limit=1000',
      'https://api.anthropic.com/v1/models?limit=1000&after_id=claude-one',
    ],
    models: [{ id: 'claude-one', name: 'Claude One', created }, { id: 'claude-two' }],
  },
  google: {
    pages: [
      {
        models: [
          { name: 'models/gemini-one', displayName: 'One', inputTokenLimit: 1000, outputTokenLimit: 10 },
        ],
        nextPageToken: 'a b',
      },
      { models: [{ name: 'tunedModels/mine' }] },
    ],
    urls: [
      'https://generativelanguage.googleapis.com/v1beta/models?pageSize=1000',
      'https://generativelanguage.googleapis.com/v1beta/models?pageSize=1000&pageToken=a%20b',
    ],
    models: [
      { id: 'gemini-one', name: 'One', contextWindow: 1000, maxOutput: 10 },
      { id: 'tunedModels/mine' },
    ],
  },
  cohere: {
    pages: [
      { models: [{ name: 'command-one', context_length: 128_000 }], next_page_token: 'next' },
      { models: [{ name: 'command-two' }, {}] },
    ],
    urls: [
      'https://api.cohere.com/v1/models?endpoint=chat&page_size=1000',
      'https://api.cohere.com/v1/models?endpoint=chat&page_size=1000&page_token=next',
    ],
    models: [{ id: 'command-one', contextWindow: 128_000 }, { id: 'command-two' }],
  },
}

test.each(Object.entries(LISTS))(
  'the list of %s is read page by page',
  async (provider, { pages, urls, models }) => {
    const asked: string[] = []
    const fetch: typeof globalThis.fetch = async (url) => {
      asked.push(url instanceof Request ? url.url : url.toString())
      return Response.json(pages[asked.length - 1])
    }
    expect(await listModels({ provider, apiKey: 'key', fetch })).toEqual(models)
    expect(asked).toEqual(urls)
  },
)

/** What a list tells of a model, beyond its id. */
const TOLD = {
  anthropic: [
    {
      data: [
        {
          id: 'claude-one',
          lifecycle: 'deprecated',
          deprecated_at: '2026-10-01T00:00:00Z',
          retires_at: '2027-01-01T00:00:00Z',
          max_input_tokens: 1_000_000,
          max_tokens: 128_000,
          capabilities: {
            image_input: { supported: true },
            pdf_input: { supported: false },
            structured_outputs: { supported: true },
            thinking: { supported: true, types: { disabled: { supported: false } } },
            effort: {
              supported: true,
              low: { supported: true },
              max: { supported: true },
              high: { supported: false },
            },
          },
        },
      ],
    },
    {
      id: 'claude-one',
      contextWindow: 1_000_000,
      maxOutput: 128_000,
      status: 'deprecated',
      deprecatedOn: '2026-10-01',
      retiresOn: '2027-01-01',
      inputModalities: ['text', 'image'],
      jsonSchema: true,
      reasoning: true,
      thinkingOff: false,
      efforts: ['low', 'max'],
    },
  ],
  openai: [
    { data: [{ id: 'gpt-one', shutdown_date: '2026-12-11' }] },
    { id: 'gpt-one', retiresOn: '2026-12-11' },
  ],
  mistral: [
    {
      data: [
        {
          id: 'mistral-one',
          max_context_length: 5,
          deprecation: '2027-01-01T00:00:00Z',
          capabilities: { function_calling: true, vision: true, reasoning: false },
        },
      ],
    },
    {
      id: 'mistral-one',
      contextWindow: 5,
      retiresOn: '2027-01-01',
      inputModalities: ['text', 'image'],
      tools: true,
      reasoning: false,
    },
  ],
  openrouter: [
    {
      data: [
        {
          id: 'v/one',
          architecture: { input_modalities: ['text', 'audio'], output_modalities: ['text'] },
          pricing: {
            prompt: '0.000002',
            completion: '0.00001',
            input_cache_read: '0.0000002',
            web_search: '0.01',
          },
          reasoning: { supported_efforts: ['low', 'high'] },
          expiration_date: 1_800_000_000,
        },
        { id: 'v/auto', pricing: { prompt: '-1' } },
      ],
    },
    {
      id: 'v/one',
      inputModalities: ['text', 'audio'],
      outputModalities: ['text'],
      efforts: ['low', 'high'],
      retiresOn: '2027-01-15',
      prices: [{ input: 2, output: 10, cacheRead: 0.2, perSearch: 0.01 }],
    },
  ],
  google: [{ models: [{ name: 'models/g', thinking: true }] }, { id: 'g', reasoning: true }],
} as const

test.each(Object.entries(TOLD))(
  'the list of %s tells what the models can do',
  async (provider, [reply, told]) => {
    const fetch: typeof globalThis.fetch = async () => Response.json(reply)
    expect((await listModels({ provider, apiKey: 'key', fetch }))[0]).toEqual(told)
  },
)

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

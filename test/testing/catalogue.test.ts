import { catalogue, createOrchestrator, type ChatRequest, type ProviderDefinition } from 'llm-switchyard'
import { fakeFetch } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'
import { anyVariables } from '../providers/sent.ts'

const tools = [
  {
    name: 'look',
    description: 'Looks',
    parameters: { type: 'object', properties: { a: { type: 'string' } } },
  },
]
const schema = { type: 'object', properties: { a: { type: 'string' } } }
const settings: Readonly<Record<string, Partial<ChatRequest>>> = {
  none: {},
  maxTokens: { maxTokens: 100 },
  temperature: { temperature: 0.7 },
  topP: { topP: 0.9 },
  topK: { topK: 5 },
  minP: { minP: 0.1 },
  stop: { stop: ['END'] },
  seed: { seed: 3 },
  penalties: { frequencyPenalty: 0.1, presencePenalty: 0.1, repetitionPenalty: 1.1 },
  logitBias: { logitBias: { 5: 1 } },
  logprobs: { topLogprobs: 2 },
  n: { n: 1 },
  tools: { tools },
  toolChoice: { tools, toolChoice: 'required' },
  parallelToolCalls: { tools, parallelToolCalls: false },
  reasoning: { reasoning: 'low' },
  'reasoning off': { reasoning: 'none' },
  user: { user: 'u' },
  metadata: { metadata: { a: 'b' } },
  responseFormat: { responseFormat: { type: 'json', schema } },
  prefill: {
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Well' },
    ],
  },
}

const formats = catalogue.flatMap((definition) =>
  [undefined, ...Object.keys(definition.apis ?? {})].map((api) => ({
    provider: definition.id,
    api,
    format: {
      ...definition,
      ...(api === undefined ? undefined : definition.apis?.[api]),
    } as ProviderDefinition,
  })),
)

/** An id for every row of a provider's table, or any id if it has none. */
function modelsOf({ models = {}, defaultModel }: ProviderDefinition): readonly string[] {
  const ids = Object.keys(models).flatMap((pattern) => {
    const id = pattern.replace(/^\*/, '').replaceAll(/-?\*/g, '')
    return id === '' ? [] : [id]
  })
  return ids.length === 0 ? [defaultModel ?? 'some-model'] : [...new Set(ids)]
}

function hostOf(provider: string) {
  const access = { apiKey: 'key', variables: anyVariables, baseUrl: undefined as string | undefined }
  if (provider === 'openai-compatible') access.baseUrl = 'http://localhost:1/v1'
  return createOrchestrator({ providers: { [provider]: access }, fetch: fakeFetch('Hello.') })
}

describe.each(formats)('the fake takes what $provider sends (api $api)', ({ provider, api, format }) => {
  const host = hostOf(provider)
  test('chat, whole and streamed, each setting alone', async () => {
    const failures: string[] = []
    for (const model of modelsOf(format))
      for (const [name, more] of Object.entries(settings))
        for (const stream of [false, true]) {
          if (
            name === 'prefill' &&
            host.registry.resolve({ provider, api, model }).capabilities.prefill !== true
          )
            continue
          const messages = [{ role: 'user' as const, content: 'Hi' }]
          const request = { provider, api, model, messages, ...more }
          try {
            const reply = await host.chatApiCall({ ...request, stream })
            const { text } = 'response' in reply ? await reply.response : reply
            expect(text).toBe('Hello.')
          } catch (error) {
            failures.push(`${model}, ${name}${stream ? ', streamed' : ''}: ${(error as Error).message}`)
          }
        }
    expect(failures).toEqual([])
  })

  const embeddings = format.embeddings === undefined ? format.dialect.embeddings : format.embeddings
  const embeds = embeddings !== undefined && embeddings !== null
  test(`embeddings, ${embeds ? 'in the form of the vendor' : 'refused: the provider has none'}`, async () => {
    if (!embeds) {
      const refused = host.embed({ provider, api, model: 'some-model', input: 'x' })
      await expect(refused).rejects.toMatchObject({ kind: 'unsupported' })
      return
    }
    const model = provider === 'bedrock' ? 'some.embed-model' : 'some-model'
    for (const more of [{}, { dimensions: 16 }, { purpose: 'query' as const }, { user: 'u' }]) {
      const { embeddings: vectors } = await host.embed({
        provider,
        api,
        model,
        input: ['one', 'two'],
        ...more,
      })
      expect(vectors).toHaveLength(2)
      expect(vectors[0]?.length).toBeGreaterThan(0)
    }
  })
})

import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { ollamaChat, ollamaEmbeddings, openaiChat, type OllamaQuirks } from '../dialects/index.ts'

/**
 * Ollama, native chat; `api: 'openai'` for its OpenAI-compatible server. The key is for its cloud alone
 * (`baseUrl: 'https://ollama.com/api'`). Options such as `num_ctx`, and `keep_alive`, go into `extraBody`.
 */
export const ollama: ProviderDefinition = defineProvider({
  id: 'ollama',
  name: 'Ollama',
  dialect: ollamaChat,
  baseUrl: 'http://localhost:11434/api',
  auth: { type: 'bearer' },
  env: ['OLLAMA_API_KEY'],
  keyRequired: false,
  embeddings: ollamaEmbeddings,
  models: {
    'gpt-oss*': {
      reasoning: true,
      tools: true,
      quirks: { efforts: ['low', 'medium', 'high'], alwaysThinks: true } satisfies OllamaQuirks,
    },
  },
  apis: {
    openai: {
      dialect: openaiChat,
      baseUrl: 'http://localhost:11434/v1',
      params: {
        toolChoice: { drop: 'the server has no tool choice' },
        parallelToolCalls: { drop: 'the server has no such switch' },
        logprobs: { drop: 'the server gives none here' },
        topLogprobs: { drop: 'the server gives none here' },
        logitBias: { drop: 'the server has none' },
        n: { drop: 'the server gives one answer a call' },
        user: { drop: 'the server ignores it' },
        metadata: { drop: 'the server ignores it' },
      },
      quirks: { reasoningField: 'reasoning' },
      models: {},
      embeddings: undefined,
    },
  },
  docs: 'https://docs.ollama.com/api/chat',
  verifiedOn: '2026-11-21',
})

import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { ollamaChat, ollamaEmbeddings, openaiChat, type OllamaQuirks } from '../dialects/index.ts'

/**
 * Ollama, native chat format. `api: 'openai'`: its OpenAI-compatible server. Only its cloud needs a key
 * (`baseUrl: 'https://ollama.com/api'`). `extraBody` takes `keep_alive`, and `options` such as `num_ctx`.
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
    '*': { prefill: true },
    'gpt-oss*': {
      prefill: false,
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
        parallelToolCalls: { drop: 'the server has no switch for parallel tool calls' },
        logprobs: { drop: 'the server has no log probabilities in this format' },
        topLogprobs: { drop: 'the server has no log probabilities in this format' },
        logitBias: { drop: 'the server has no logit bias' },
        n: { drop: 'the server gives one answer per request' },
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

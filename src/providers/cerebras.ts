import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, openaiStrictSchema, type OpenAIChatQuirks } from '../dialects/index.ts'

const none = { drop: 'the API refuses it' } as const

const refuses = 'pattern format minItems maxItems prefixItems'

/** Cerebras. `maxTokens` counts against the rate limit at the start of a call, so that a small value helps. */
export const cerebras: ProviderDefinition = defineProvider({
  id: 'cerebras',
  name: 'Cerebras',
  dialect: openaiChat,
  baseUrl: 'https://api.cerebras.ai/v1',
  auth: { type: 'bearer' },
  env: ['CEREBRAS_API_KEY'],
  params: {
    maxTokens: { to: 'max_completion_tokens' },
    frequencyPenalty: none,
    presencePenalty: none,
    logitBias: none,
    metadata: { drop: 'the API has no such parameter' },
  },
  quirks: {
    reasoningField: 'reasoning',
    efforts: ['none', 'low', 'medium', 'high'],
  } satisfies OpenAIChatQuirks,
  rules: {
    answerSchema: { root: 'object', refuses, refs: 'tree' },
    strictSchema: {
      ...openaiStrictSchema,
      refuses,
      refs: 'tree',
      limits: { properties: 500, levels: 10, 'enum values': 500, characters: 5_000 },
    },
  },
  models: {
    'gpt-oss*': {
      contextWindow: 131_072,
      maxOutput: 40_960,
      images: false,
      reasoning: true,
      quirks: { efforts: ['low', 'medium', 'high'] },
    },
    'qwen-3.8*': { contextWindow: 131_072, images: false, reasoning: true },
  },
  embeddings: null,
  docs: 'https://inference-docs.cerebras.ai/api-reference/chat-completions',
  verifiedOn: '2026-11-21',
  unverified: "penalties and logit bias are in the vendor's SDK, but its guide lists them as refused",
})

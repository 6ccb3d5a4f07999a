import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { commonEmbeddings, taggedChat, openModelSamplers, type OpenAIChatQuirks } from '../dialects/index.ts'

/** Together AI. `logprobs` is the number of log probabilities. */
export const together: ProviderDefinition = defineProvider({
  id: 'together',
  name: 'Together AI',
  dialect: taggedChat,
  baseUrl: 'https://api.together.xyz/v1',
  auth: { type: 'bearer' },
  env: ['TOGETHER_API_KEY', 'TOGETHER_AI_API_KEY'],
  namespacedModels: true,
  params: {
    ...openModelSamplers,
    topLogprobs: { to: 'logprobs' },
    parallelToolCalls: { drop: 'the API has no such parameter' },
    user: { drop: 'the API has no end-user id' },
    metadata: { drop: 'the API has no such parameter' },
  },
  quirks: {
    logprobsCount: true,
    efforts: ['none', 'low', 'medium', 'high'],
    reasoningDisabled: true,
  } satisfies OpenAIChatQuirks,
  embeddings: commonEmbeddings({ dimensions: null, user: false }),
  docs: 'https://docs.together.ai/reference/chat-completions-1',
  verifiedOn: '2026-11-21',
  unverified: 'the maximum batch of embeddings',
})

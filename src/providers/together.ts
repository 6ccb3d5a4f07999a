import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { commonEmbeddings, openaiChat, type OpenAIChatQuirks } from '../dialects/index.ts'

/** Together AI. Log probabilities are asked for by their number. */
export const together: ProviderDefinition = defineProvider({
  id: 'together',
  name: 'Together AI',
  dialect: openaiChat,
  baseUrl: 'https://api.together.xyz/v1',
  auth: { type: 'bearer' },
  env: ['TOGETHER_API_KEY', 'TOGETHER_AI_API_KEY'],
  namespacedModels: true,
  params: {
    topK: { to: 'top_k' },
    minP: { to: 'min_p' },
    repetitionPenalty: { to: 'repetition_penalty' },
    topLogprobs: { to: 'logprobs' },
    parallelToolCalls: { drop: 'the API has no such parameter' },
    user: { drop: 'the API takes no end-user id' },
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
  unverified: 'the largest batch of embeddings',
})

import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat } from '../dialects/index.ts'

/** Hyperbolic. */
export const hyperbolic: ProviderDefinition = defineProvider({
  id: 'hyperbolic',
  name: 'Hyperbolic',
  dialect: openaiChat,
  baseUrl: 'https://api.hyperbolic.xyz/v1',
  auth: { type: 'bearer' },
  env: ['HYPERBOLIC_API_KEY'],
  namespacedModels: true,
  params: {
    topK: { to: 'top_k' },
    minP: { to: 'min_p' },
    repetitionPenalty: { to: 'repetition_penalty' },
  },
  embeddings: null,
  docs: 'https://docs.hyperbolic.xyz/docs/rest-api',
  verifiedOn: '2026-11-21',
  unverified: 'tools, JSON schema and log probabilities: the reference does not say which models take them',
})

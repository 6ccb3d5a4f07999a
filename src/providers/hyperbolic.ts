import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { taggedChat, openModelSamplers } from '../dialects/index.ts'

/** Hyperbolic. */
export const hyperbolic: ProviderDefinition = defineProvider({
  id: 'hyperbolic',
  name: 'Hyperbolic',
  dialect: taggedChat,
  baseUrl: 'https://api.hyperbolic.xyz/v1',
  auth: { type: 'bearer' },
  env: ['HYPERBOLIC_API_KEY'],
  namespacedModels: true,
  params: openModelSamplers,
  embeddings: null,
  docs: 'https://docs.hyperbolic.xyz/docs/rest-api',
  verifiedOn: '2026-11-21',
  unverified: 'which models accept tools, a JSON schema and log probabilities',
})

import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { commonEmbeddings, taggedChat, openaiResponses } from '../dialects/index.ts'

/** Cloudflare Workers AI, at its OpenAI-compatible URL. Model ids begin with `@cf/`. */
export const cloudflare: ProviderDefinition = defineProvider({
  id: 'cloudflare',
  name: 'Cloudflare Workers AI',
  dialect: taggedChat,
  baseUrl: 'https://api.cloudflare.com/client/v4/accounts/{account}/ai/v1',
  variables: { account: { env: ['CLOUDFLARE_ACCOUNT_ID'] } },
  auth: { type: 'bearer' },
  env: ['CLOUDFLARE_API_TOKEN', 'CLOUDFLARE_API_KEY'],
  namespacedModels: true,
  params: { topK: { to: 'top_k' }, repetitionPenalty: { to: 'repetition_penalty' } },
  apis: { responses: { dialect: openaiResponses } },
  embeddings: commonEmbeddings({ maxBatch: 100, dimensions: null, user: false }),
  modelList: null,
  docs: 'https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility/',
  verifiedOn: '2026-11-21',
  unverified: 'which settings each model accepts; the maximum batch of embeddings',
})

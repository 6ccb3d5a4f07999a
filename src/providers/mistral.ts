import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { commonEmbeddings, moderationApi, openaiChat, type OpenAIChatQuirks } from '../dialects/index.ts'

/** Mistral AI. Usage comes in streams unasked; thinking comes as content parts. */
export const mistral: ProviderDefinition = defineProvider({
  id: 'mistral',
  name: 'Mistral AI',
  dialect: openaiChat,
  baseUrl: 'https://api.mistral.ai/v1',
  auth: { type: 'bearer' },
  env: ['MISTRAL_API_KEY'],
  params: {
    seed: { to: 'random_seed' },
    logitBias: { drop: 'the API has no logit bias' },
    logprobs: { drop: 'the API gives no log probabilities' },
    topLogprobs: { drop: 'the API gives no log probabilities' },
    user: { drop: 'the API takes no end-user id' },
    metadata: { to: 'metadata' },
  },
  quirks: {
    streamUsage: false,
    shortToolIds: true,
    requiredToolChoice: 'any',
  } satisfies OpenAIChatQuirks,
  embeddings: commonEmbeddings({ maxBatch: 128, dimensions: 'output_dimension', user: false }),
  moderation: moderationApi('mistral-moderation-latest'),
  docs: 'https://docs.mistral.ai/api',
  checked: '2026-11-21',
})

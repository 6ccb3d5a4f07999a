import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat } from '../dialects/index.ts'

/** Poe. */
export const poe: ProviderDefinition = defineProvider({
  id: 'poe',
  name: 'Poe',
  dialect: openaiChat,
  baseUrl: 'https://api.poe.com/v1',
  auth: { type: 'bearer' },
  env: ['POE_API_KEY'],
  params: {
    seed: { drop: 'the API ignores it' },
    logitBias: { drop: 'the API ignores it' },
    logprobs: { drop: 'the API ignores it' },
    topLogprobs: { drop: 'the API ignores it' },
    frequencyPenalty: { drop: 'the API ignores it' },
    presencePenalty: { drop: 'the API ignores it' },
    responseFormat: { drop: 'the API ignores it' },
    user: { drop: 'the API ignores it' },
    metadata: { drop: 'the API ignores it' },
    n: { fixed: 1, to: 'n' },
  },
  embeddings: null,
  docs: 'https://creator.poe.com/docs/external-applications/openai-compatible-api',
  checked: '2026-11-21',
})

import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, openaiResponses } from '../dialects/index.ts'

const ignored = { drop: 'the API ignores it' } as const

/** Poe. Only its responses API (`api: 'responses'`) has reasoning and JSON schemas. */
export const poe: ProviderDefinition = defineProvider({
  id: 'poe',
  name: 'Poe',
  dialect: openaiChat,
  baseUrl: 'https://api.poe.com/v1',
  auth: { type: 'bearer' },
  env: ['POE_API_KEY'],
  params: {
    n: { drop: 'the API gives one answer per request' },
    seed: ignored,
    logitBias: ignored,
    logprobs: ignored,
    topLogprobs: ignored,
    frequencyPenalty: ignored,
    presencePenalty: ignored,
    responseFormat: ignored,
    reasoning: ignored,
    user: ignored,
    metadata: ignored,
  },
  apis: { responses: { dialect: openaiResponses } },
  embeddings: null,
  docs: 'https://creator.poe.com/docs/external-applications/openai-compatible-api',
  verifiedOn: '2026-11-21',
})

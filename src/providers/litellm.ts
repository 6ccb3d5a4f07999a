import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, openaiResponses, type OpenAIChatQuirks } from '../dialects/index.ts'

/** LiteLLM proxy: what it cannot send on it refuses, or drops where it is set up so. */
export const litellm: ProviderDefinition = defineProvider({
  id: 'litellm',
  name: 'LiteLLM proxy',
  dialect: openaiChat,
  baseUrl: 'http://localhost:4000/v1',
  auth: { type: 'bearer' },
  env: ['LITELLM_API_KEY', 'LITELLM_PROXY_API_KEY'],
  keyRequired: false,
  params: {
    topK: { to: 'top_k' },
    minP: { to: 'min_p' },
    repetitionPenalty: { to: 'repetition_penalty' },
  },
  quirks: { reasoningField: 'reasoning_content' } satisfies OpenAIChatQuirks,
  apis: { responses: { dialect: openaiResponses } },
  docs: 'https://docs.litellm.ai/docs/proxy/user_keys',
  verifiedOn: '2026-11-21',
})

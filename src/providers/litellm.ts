import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat } from '../dialects/index.ts'

/** LiteLLM proxy. */
export const litellm: ProviderDefinition = defineProvider({
  id: 'litellm',
  name: 'LiteLLM proxy',
  dialect: openaiChat,
  baseUrl: 'http://localhost:4000/v1',
  auth: { type: 'bearer' },
  env: ['LITELLM_API_KEY'],
  keyRequired: false,
  params: {
    topK: { to: 'top_k' },
    minP: { to: 'min_p' },
    repetitionPenalty: { to: 'repetition_penalty' },
  },
  docs: 'https://docs.litellm.ai/docs/proxy/user_keys',
  checked: '2026-11-21',
})

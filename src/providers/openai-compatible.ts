import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat } from '../dialects/index.ts'

/** Any server that speaks chat completions: give its `baseUrl`. Samplers that such servers add are sent as they name them. */
export const openaiCompatible: ProviderDefinition = defineProvider({
  id: 'openai-compatible',
  name: 'OpenAI-compatible server',
  dialect: openaiChat,
  auth: { type: 'bearer' },
  env: ['OPENAI_COMPATIBLE_API_KEY'],
  keyRequired: false,
  params: {
    topK: { to: 'top_k' },
    minP: { to: 'min_p' },
    repetitionPenalty: { to: 'repetition_penalty' },
  },
  docs: 'https://platform.openai.com/docs/api-reference/chat',
  verifiedOn: '2026-11-21',
})

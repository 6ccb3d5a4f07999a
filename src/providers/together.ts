import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat } from '../dialects/index.ts'

/** Together AI. */
export const together: ProviderDefinition = defineProvider({
  id: 'together',
  name: 'Together AI',
  dialect: openaiChat,
  baseUrl: 'https://api.together.xyz/v1',
  auth: { type: 'bearer' },
  env: ['TOGETHER_API_KEY'],
  namespacedModels: true,
  params: {
    topK: { to: 'top_k' },
    minP: { to: 'min_p' },
    repetitionPenalty: { to: 'repetition_penalty' },
    user: { drop: 'the API takes no end-user id' },
    metadata: { drop: 'the API has no such parameter' },
  },
  docs: 'https://docs.together.ai/reference/chat-completions-1',
  checked: '2026-11-21',
})

import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat } from '../dialects/index.ts'

/** Fireworks AI. */
export const fireworks: ProviderDefinition = defineProvider({
  id: 'fireworks',
  name: 'Fireworks AI',
  dialect: openaiChat,
  baseUrl: 'https://api.fireworks.ai/inference/v1',
  auth: { type: 'bearer' },
  env: ['FIREWORKS_API_KEY'],
  namespacedModels: true,
  params: {
    topK: { to: 'top_k' },
    minP: { to: 'min_p' },
    repetitionPenalty: { to: 'repetition_penalty' },
  },
  docs: 'https://docs.fireworks.ai/api-reference/post-chatcompletions',
  checked: '2026-11-21',
})

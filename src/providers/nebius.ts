import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat } from '../dialects/index.ts'

/** Nebius Token Factory. */
export const nebius: ProviderDefinition = defineProvider({
  id: 'nebius',
  name: 'Nebius Token Factory',
  dialect: openaiChat,
  baseUrl: 'https://api.tokenfactory.nebius.com/v1',
  auth: { type: 'bearer' },
  env: ['NEBIUS_API_KEY'],
  namespacedModels: true,
  params: {
    topK: { to: 'top_k' },
    minP: { to: 'min_p' },
    repetitionPenalty: { to: 'repetition_penalty' },
  },
  docs: 'https://docs.tokenfactory.nebius.com/api-reference',
  checked: '2026-11-21',
})

import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat } from '../dialects/index.ts'

/** SambaNova. */
export const sambanova: ProviderDefinition = defineProvider({
  id: 'sambanova',
  name: 'SambaNova',
  dialect: openaiChat,
  baseUrl: 'https://api.sambanova.ai/v1',
  auth: { type: 'bearer' },
  env: ['SAMBANOVA_API_KEY'],
  params: { topK: { to: 'top_k' } },
  docs: 'https://docs.sambanova.ai/cloud/api-reference/overview',
  checked: '2026-11-21',
})

import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat } from '../dialects/index.ts'

/** TabbyAPI. */
export const tabbyapi: ProviderDefinition = defineProvider({
  id: 'tabbyapi',
  name: 'TabbyAPI',
  dialect: openaiChat,
  baseUrl: 'http://localhost:5000/v1',
  auth: { type: 'header', name: 'x-api-key' },
  env: ['TABBYAPI_API_KEY'],
  keyRequired: false,
  params: {
    topK: { to: 'top_k' },
    minP: { to: 'min_p' },
    repetitionPenalty: { to: 'repetition_penalty' },
  },
  docs: 'https://github.com/theroyallab/tabbyAPI/wiki',
  checked: '2026-11-21',
})

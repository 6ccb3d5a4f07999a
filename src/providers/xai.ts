import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, openaiResponses } from '../dialects/index.ts'

/** xAI. */
export const xai: ProviderDefinition = defineProvider({
  id: 'xai',
  name: 'xAI',
  dialect: openaiChat,
  baseUrl: 'https://api.x.ai/v1',
  auth: { type: 'bearer' },
  env: ['XAI_API_KEY'],
  params: { logitBias: { drop: 'the API ignores it' }, metadata: { drop: 'the API has no such parameter' } },
  apis: { responses: { dialect: openaiResponses } },
  docs: 'https://docs.x.ai/docs/api-reference',
  checked: '2026-11-21',
})

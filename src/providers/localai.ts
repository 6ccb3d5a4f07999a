import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { taggedChat, openModelSamplers, openaiResponses } from '../dialects/index.ts'

/** LocalAI. */
export const localai: ProviderDefinition = defineProvider({
  id: 'localai',
  name: 'LocalAI',
  dialect: taggedChat,
  baseUrl: 'http://localhost:8080/v1',
  auth: { type: 'bearer' },
  env: ['LOCALAI_API_KEY'],
  keyRequired: false,
  params: {
    ...openModelSamplers,
    repetitionPenalty: { to: 'repeat_penalty' },
    parallelToolCalls: { drop: 'the server ignores it' },
    user: { drop: 'the server ignores it' },
  },
  apis: { responses: { dialect: openaiResponses } },
  docs: 'https://localai.io/features/text-generation/',
  verifiedOn: '2026-11-21',
})

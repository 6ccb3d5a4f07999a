import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, openaiResponses } from '../dialects/index.ts'

/** LM Studio. */
export const lmstudio: ProviderDefinition = defineProvider({
  id: 'lmstudio',
  name: 'LM Studio',
  dialect: openaiChat,
  baseUrl: 'http://localhost:1234/v1',
  auth: { type: 'bearer' },
  env: ['LMSTUDIO_API_KEY'],
  keyRequired: false,
  params: { topK: { to: 'top_k' }, repetitionPenalty: { to: 'repeat_penalty' } },
  apis: { responses: { dialect: openaiResponses } },
  docs: 'https://lmstudio.ai/docs/developer/openai-compat',
  checked: '2026-11-21',
})

import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat } from '../dialects/index.ts'

/** Novita AI. */
export const novita: ProviderDefinition = defineProvider({
  id: 'novita',
  name: 'Novita AI',
  dialect: openaiChat,
  baseUrl: 'https://api.novita.ai/openai/v1',
  auth: { type: 'bearer' },
  env: ['NOVITA_API_KEY'],
  namespacedModels: true,
  params: {
    topK: { to: 'top_k' },
    minP: { to: 'min_p' },
    repetitionPenalty: { to: 'repetition_penalty' },
  },
  docs: 'https://novita.ai/docs/api-reference/model-apis-llm-create-chat-completion',
  checked: '2026-11-21',
})

import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat } from '../dialects/index.ts'

/** Groq. Usage comes in the last chunk under `x_groq`, unasked. */
export const groq: ProviderDefinition = defineProvider({
  id: 'groq',
  name: 'Groq',
  dialect: openaiChat,
  baseUrl: 'https://api.groq.com/openai/v1',
  auth: { type: 'bearer' },
  env: ['GROQ_API_KEY'],
  docs: 'https://console.groq.com/docs/api-reference',
  checked: '2026-11-21',
})

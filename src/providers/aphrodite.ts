import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat } from '../dialects/index.ts'

/** Aphrodite Engine. */
export const aphrodite: ProviderDefinition = defineProvider({
  id: 'aphrodite',
  name: 'Aphrodite Engine',
  dialect: openaiChat,
  baseUrl: 'http://localhost:2242/v1',
  auth: { type: 'bearer' },
  env: ['APHRODITE_API_KEY'],
  keyRequired: false,
  params: {
    topK: { to: 'top_k' },
    minP: { to: 'min_p' },
    repetitionPenalty: { to: 'repetition_penalty' },
  },
  docs: 'https://aphrodite.pygmalion.chat',
  checked: '2026-11-21',
})

import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, type OpenAIChatQuirks } from '../dialects/index.ts'

/** OpenRouter. Errors after the start come inside the stream; thinking details go back as they came. */
export const openrouter: ProviderDefinition = defineProvider({
  id: 'openrouter',
  name: 'OpenRouter',
  dialect: openaiChat,
  baseUrl: 'https://openrouter.ai/api/v1',
  auth: { type: 'bearer' },
  env: ['OPENROUTER_API_KEY'],
  namespacedModels: true,
  params: {
    topK: { to: 'top_k' },
    minP: { to: 'min_p' },
    repetitionPenalty: { to: 'repetition_penalty' },
  },
  quirks: { reasoningStyle: 'openrouter', reasoningField: 'reasoning_details' } satisfies OpenAIChatQuirks,
  docs: 'https://openrouter.ai/docs/api-reference/chat-completion',
  checked: '2026-11-21',
})

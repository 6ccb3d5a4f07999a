import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, openaiResponses, type OpenAIChatQuirks } from '../dialects/index.ts'

/**
 * OpenRouter. Errors after the start come inside the stream; thinking details go back as they came. Name your app with the
 * headers `HTTP-Referer` and `X-OpenRouter-Title`.
 */
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
    n: { drop: 'the API gives one answer' },
    reasoning: { to: 'reasoning' },
  },
  quirks: { reasoningStyle: 'object', reasoningField: 'reasoning_details' } satisfies OpenAIChatQuirks,
  apis: { responses: { dialect: openaiResponses } },
  docs: 'https://openrouter.ai/docs/api-reference/chat-completion',
  verifiedOn: '2026-11-21',
})

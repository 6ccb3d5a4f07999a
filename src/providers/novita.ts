import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, type OpenAIChatQuirks } from '../dialects/index.ts'

const unknown = { drop: 'the API has no such parameter' } as const

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
    parallelToolCalls: unknown,
    reasoning: { to: 'enable_thinking' },
    user: unknown,
    metadata: unknown,
  },
  quirks: { reasoningStyle: 'boolean' } satisfies OpenAIChatQuirks,
  docs: 'https://novita.ai/docs/api-reference/model-apis-llm-create-chat-completion',
  verifiedOn: '2026-11-21',
  unverified: 'tool choice: not in the reference; thinking can be switched on some models only',
})

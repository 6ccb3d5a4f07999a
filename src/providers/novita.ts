import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { taggedChat, openModelSamplers, type OpenAIChatQuirks } from '../dialects/index.ts'

const unknown = { drop: 'the API has no such parameter' } as const

/** Novita AI. */
export const novita: ProviderDefinition = defineProvider({
  id: 'novita',
  name: 'Novita AI',
  dialect: taggedChat,
  baseUrl: 'https://api.novita.ai/openai/v1',
  auth: { type: 'bearer' },
  env: ['NOVITA_API_KEY'],
  namespacedModels: true,
  params: {
    ...openModelSamplers,
    parallelToolCalls: unknown,
    reasoning: { to: 'enable_thinking' },
    user: unknown,
    metadata: unknown,
  },
  quirks: { reasoningStyle: 'boolean' } satisfies OpenAIChatQuirks,
  docs: 'https://novita.ai/docs/api-reference/model-apis-llm-create-chat-completion',
  verifiedOn: '2026-11-21',
  unverified: 'tool choice, which the reference lacks; only some models can switch thinking',
})

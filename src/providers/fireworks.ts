import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { taggedChat, openModelSamplers, type OpenAIChatQuirks } from '../dialects/index.ts'

/** Fireworks AI; model ids begin with `accounts/`. */
export const fireworks: ProviderDefinition = defineProvider({
  id: 'fireworks',
  name: 'Fireworks AI',
  dialect: taggedChat,
  baseUrl: 'https://api.fireworks.ai/inference/v1',
  auth: { type: 'bearer' },
  env: ['FIREWORKS_API_KEY'],
  namespacedModels: true,
  params: openModelSamplers,
  quirks: {
    reasoningField: 'reasoning_content',
    efforts: ['none', 'low', 'medium', 'high'],
  } satisfies OpenAIChatQuirks,
  rules: {
    answerSchema: { root: 'object', refuses: 'oneOf minLength maxLength minItems maxItems pattern' },
  },
  docs: 'https://docs.fireworks.ai/api-reference/post-chatcompletions',
  verifiedOn: '2026-11-21',
})

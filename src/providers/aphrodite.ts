import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { taggedChat, openModelSamplers, type OpenAIChatQuirks } from '../dialects/index.ts'

/** Aphrodite Engine. */
export const aphrodite: ProviderDefinition = defineProvider({
  id: 'aphrodite',
  name: 'Aphrodite Engine',
  dialect: taggedChat,
  baseUrl: 'http://localhost:2242/v1',
  auth: { type: 'bearer' },
  env: ['APHRODITE_API_KEY'],
  keyRequired: false,
  params: {
    ...openModelSamplers,
    user: { drop: 'the server ignores it' },
    metadata: { drop: 'the server ignores it' },
  },
  quirks: {
    reasoningField: 'reasoning',
    efforts: ['none', 'low', 'medium', 'high'],
    budgetField: 'thinking_token_budget',
    prefillBody: { continue_final_message: true, add_generation_prompt: false },
  } satisfies OpenAIChatQuirks,
  models: { '*': { prefill: true } },
  docs: 'https://aphrodite.pygmalion.chat',
  verifiedOn: '2026-11-21',
})

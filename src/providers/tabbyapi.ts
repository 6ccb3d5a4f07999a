import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { taggedChat, openModelSamplers, type OpenAIChatQuirks } from '../dialects/index.ts'

/** TabbyAPI. It uses its loaded model for every request. */
export const tabbyapi: ProviderDefinition = defineProvider({
  id: 'tabbyapi',
  name: 'TabbyAPI',
  dialect: taggedChat,
  baseUrl: 'http://localhost:5000/v1',
  auth: { type: 'header', name: 'x-api-key' },
  env: ['TABBYAPI_API_KEY'],
  keyRequired: false,
  defaultModel: 'default',
  params: {
    ...openModelSamplers,
    seed: { drop: 'the server has no seed' },
    user: { drop: 'the server ignores it' },
    metadata: { drop: 'the server ignores it' },
  },
  quirks: {
    reasoningField: 'reasoning_content',
    budgetField: 'reasoning_budget_tokens',
    logprobsCount: true,
  } satisfies OpenAIChatQuirks,
  docs: 'https://github.com/theroyallab/tabbyAPI/wiki',
  verifiedOn: '2026-11-21',
})

import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, type OpenAIChatQuirks } from '../dialects/index.ts'

/** TabbyAPI. It has loaded one model, whatever is asked for. */
export const tabbyapi: ProviderDefinition = defineProvider({
  id: 'tabbyapi',
  name: 'TabbyAPI',
  dialect: openaiChat,
  baseUrl: 'http://localhost:5000/v1',
  auth: { type: 'header', name: 'x-api-key' },
  env: ['TABBYAPI_API_KEY'],
  keyRequired: false,
  defaultModel: 'default',
  params: {
    topK: { to: 'top_k' },
    minP: { to: 'min_p' },
    repetitionPenalty: { to: 'repetition_penalty' },
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

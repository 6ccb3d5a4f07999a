import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, type OpenAIChatQuirks } from '../dialects/index.ts'

/** DeepSeek. Earlier thoughts go back on assistant turns. */
export const deepseek: ProviderDefinition = defineProvider({
  id: 'deepseek',
  name: 'DeepSeek',
  dialect: openaiChat,
  baseUrl: 'https://api.deepseek.com',
  auth: { type: 'bearer' },
  env: ['DEEPSEEK_API_KEY'],
  params: {
    seed: { drop: 'the API has no seed' },
    n: { drop: 'the API gives one answer' },
    logitBias: { drop: 'the API has no logit bias' },
    parallelToolCalls: { drop: 'the API has no such parameter' },
    user: { drop: 'the API takes no end-user id' },
    metadata: { drop: 'the API has no such parameter' },
  },
  quirks: { reasoningStyle: 'thinking', reasoningField: 'reasoning_content' } satisfies OpenAIChatQuirks,
  embeddings: null,
  docs: 'https://api-docs.deepseek.com',
  checked: '2026-11-21',
})

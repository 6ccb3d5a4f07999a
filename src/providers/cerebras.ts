import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, type OpenAIChatQuirks } from '../dialects/index.ts'

/** Cerebras. The largest answer is reserved against the rate limit up front: ask for what you need. */
export const cerebras: ProviderDefinition = defineProvider({
  id: 'cerebras',
  name: 'Cerebras',
  dialect: openaiChat,
  baseUrl: 'https://api.cerebras.ai/v1',
  auth: { type: 'bearer' },
  env: ['CEREBRAS_API_KEY'],
  params: {
    maxTokens: { to: 'max_completion_tokens' },
    frequencyPenalty: { drop: 'the API has no penalties' },
    presencePenalty: { drop: 'the API has no penalties' },
    n: { drop: 'the API gives one answer' },
    metadata: { drop: 'the API has no such parameter' },
  },
  quirks: { reasoningField: 'reasoning' } satisfies OpenAIChatQuirks,
  embeddings: null,
  docs: 'https://inference-docs.cerebras.ai/api-reference/chat-completions',
  checked: '2026-11-21',
})

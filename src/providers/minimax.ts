import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, type OpenAIChatQuirks } from '../dialects/index.ts'

/** MiniMax. */
export const minimax: ProviderDefinition = defineProvider({
  id: 'minimax',
  name: 'MiniMax',
  dialect: openaiChat,
  baseUrl: 'https://api.minimax.io/v1',
  auth: { type: 'bearer' },
  env: ['MINIMAX_API_KEY'],
  params: {
    frequencyPenalty: { drop: 'the API ignores it' },
    presencePenalty: { drop: 'the API ignores it' },
    logitBias: { drop: 'the API ignores it' },
    n: { drop: 'the API gives one answer' },
    metadata: { drop: 'the API has no such parameter' },
  },
  quirks: { reasoningField: 'reasoning_details' } satisfies OpenAIChatQuirks,
  embeddings: null,
  docs: 'https://platform.minimax.io/docs/api-reference/text-openai-api',
  checked: '2026-11-21',
})

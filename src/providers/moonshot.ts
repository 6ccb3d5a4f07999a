import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, type OpenAIChatQuirks } from '../dialects/index.ts'

/** Moonshot AI, worldwide; in China the base URL is https://api.moonshot.cn/v1. */
export const moonshot: ProviderDefinition = defineProvider({
  id: 'moonshot',
  name: 'Moonshot AI',
  dialect: openaiChat,
  baseUrl: 'https://api.moonshot.ai/v1',
  auth: { type: 'bearer' },
  env: ['MOONSHOT_API_KEY'],
  params: {
    maxTokens: { to: 'max_completion_tokens' },
    seed: { drop: 'the API has no seed' },
    logitBias: { drop: 'the API has no logit bias' },
    logprobs: { drop: 'the API gives no log probabilities' },
    topLogprobs: { drop: 'the API gives no log probabilities' },
    parallelToolCalls: { drop: 'the API has no such parameter' },
    metadata: { drop: 'the API has no such parameter' },
  },
  quirks: { reasoningStyle: 'thinking', reasoningField: 'reasoning_content' } satisfies OpenAIChatQuirks,
  embeddings: null,
  docs: 'https://platform.moonshot.ai/docs/api/chat',
  checked: '2026-11-21',
})

import { defineProvider, type ModelCapabilities, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, openaiResponses, type OpenAIChatQuirks } from '../dialects/index.ts'

const ignored = { drop: 'the API ignores it' } as const
const m2: ModelCapabilities = { contextWindow: 204_800, maxOutput: 131_072, images: false, reasoning: true }

/** MiniMax, worldwide; in China the base URL is https://api.minimaxi.com/v1. Requests ask for reasoning apart from the text. */
export const minimax: ProviderDefinition = defineProvider({
  id: 'minimax',
  name: 'MiniMax',
  dialect: openaiChat,
  baseUrl: 'https://api.minimax.io/v1',
  auth: { type: 'bearer' },
  env: ['MINIMAX_API_KEY'],
  rules: {
    blankMessages: 'left-out',
  },
  params: {
    maxTokens: { to: 'max_completion_tokens' },
    temperature: { to: 'temperature', clamp: [0.01, 1] },
    n: { drop: 'the API gives one answer per request' },
    frequencyPenalty: ignored,
    presencePenalty: ignored,
    logitBias: ignored,
    reasoning: { drop: 'the model always thinks' },
    metadata: { drop: 'the API has no such parameter' },
  },
  quirks: { reasoningField: 'reasoning_details' } satisfies OpenAIChatQuirks,
  body: { reasoning_split: true },
  models: {
    '*': { jsonSchema: false },
    'MiniMax-M2*': m2,
    'MiniMax-M3*': {
      contextWindow: 1_000_000,
      maxOutput: 128_000,
      images: true,
      reasoning: true,
      params: { reasoning: { to: 'thinking' } },
      quirks: { reasoningStyle: 'switch', switchOn: 'adaptive' } satisfies OpenAIChatQuirks,
    },
  },
  apis: { responses: { dialect: openaiResponses } },
  embeddings: null,
  docs: 'https://platform.minimax.io/docs/api-reference/text-openai-api',
  verifiedOn: '2026-11-21',
  unverified: 'seed, log probabilities and forced tool calls',
})

import { defineProvider, type ModelCapabilities, type ProviderDefinition } from '../core/provider.ts'
import { cohereChat, type CohereQuirks } from '../dialects/index.ts'

const unreasoning: ModelCapabilities = {
  reasoning: false,
  params: { reasoning: { drop: 'the model does not reason' } },
  quirks: { thinks: false } satisfies CohereQuirks,
}

/** Cohere, chat version 2. Unlisted models count as reasoning models. */
export const cohere: ProviderDefinition = defineProvider({
  id: 'cohere',
  name: 'Cohere',
  dialect: cohereChat,
  baseUrl: 'https://api.cohere.com/v2',
  auth: { type: 'bearer' },
  env: ['COHERE_API_KEY', 'CO_API_KEY'],
  quirks: { jsonWithTools: false } satisfies CohereQuirks,
  models: {
    'command-a-plus*': { contextWindow: 128_000, maxOutput: 64_000, images: true, reasoning: true },
    'command-a-reasoning*': { contextWindow: 256_000, maxOutput: 32_000, images: false, reasoning: true },
    'command-a-03-2025': { ...unreasoning, contextWindow: 256_000, maxOutput: 8_000, images: false },
    'command-a-vision*': { ...unreasoning, contextWindow: 128_000, maxOutput: 8_000, images: true },
    'command-a-translate*': { ...unreasoning, contextWindow: 8_000, maxOutput: 8_000, images: false },
    'command-r*': { ...unreasoning, contextWindow: 128_000, maxOutput: 4_000, images: false },
    'c4ai-aya*': unreasoning,
    'tiny-aya*': { ...unreasoning, contextWindow: 8_000, maxOutput: 8_000, images: false },
  },
  docs: 'https://docs.cohere.com/v2/reference/chat',
  verifiedOn: '2026-11-21',
})

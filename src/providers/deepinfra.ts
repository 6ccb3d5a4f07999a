import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, type OpenAIChatQuirks } from '../dialects/index.ts'

/** DeepInfra. Some models count reasoning apart from the completion. */
export const deepinfra: ProviderDefinition = defineProvider({
  id: 'deepinfra',
  name: 'DeepInfra',
  dialect: openaiChat,
  baseUrl: 'https://api.deepinfra.com/v1/openai',
  auth: { type: 'bearer' },
  env: ['DEEPINFRA_API_KEY', 'DEEPINFRA_TOKEN'],
  namespacedModels: true,
  params: {
    topK: { to: 'top_k' },
    minP: { to: 'min_p' },
    repetitionPenalty: { to: 'repetition_penalty' },
  },
  quirks: { reasoningApart: true } satisfies OpenAIChatQuirks,
  docs: 'https://deepinfra.com/docs/openai_api',
  checked: '2026-11-21',
})

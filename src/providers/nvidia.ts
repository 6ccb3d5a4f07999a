import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat } from '../dialects/index.ts'

/** NVIDIA NIM. */
export const nvidia: ProviderDefinition = defineProvider({
  id: 'nvidia',
  name: 'NVIDIA NIM',
  dialect: openaiChat,
  baseUrl: 'https://integrate.api.nvidia.com/v1',
  auth: { type: 'bearer' },
  env: ['NVIDIA_API_KEY'],
  namespacedModels: true,
  params: {
    topK: { to: 'top_k' },
    minP: { to: 'min_p' },
    repetitionPenalty: { to: 'repetition_penalty' },
  },
  docs: 'https://docs.api.nvidia.com/nim/reference/llm-apis',
  checked: '2026-11-21',
})

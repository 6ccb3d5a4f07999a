import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, type OpenAIChatQuirks } from '../dialects/index.ts'

/** NVIDIA NIM. Every model has a server, and a list of parameters, of its own. */
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
  models: {
    'nvidia/*nemotron*': {
      reasoning: true,
      params: { reasoning: { to: 'chat_template_kwargs' } },
      quirks: { reasoningStyle: 'template' } satisfies OpenAIChatQuirks,
    },
  },
  docs: 'https://docs.api.nvidia.com/nim/reference/llm-apis',
  verifiedOn: '2026-11-21',
  unverified: 'which settings a model takes; older Nemotron models are told to think in the system prompt',
})

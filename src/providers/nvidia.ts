import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, openModelSamplers, type OpenAIChatQuirks } from '../dialects/index.ts'

/** NVIDIA NIM. Every model has its own server and its own parameters. */
export const nvidia: ProviderDefinition = defineProvider({
  id: 'nvidia',
  name: 'NVIDIA NIM',
  dialect: openaiChat,
  baseUrl: 'https://integrate.api.nvidia.com/v1',
  auth: { type: 'bearer' },
  env: ['NVIDIA_API_KEY'],
  namespacedModels: true,
  params: openModelSamplers,
  models: {
    'nvidia/*nemotron*': {
      reasoning: true,
      params: { reasoning: { to: 'chat_template_kwargs' } },
      quirks: { reasoningStyle: 'template' } satisfies OpenAIChatQuirks,
    },
  },
  docs: 'https://docs.api.nvidia.com/nim/reference/llm-apis',
  verifiedOn: '2026-11-21',
  unverified: 'which settings a model accepts; older Nemotron models switch thinking in the system prompt',
})

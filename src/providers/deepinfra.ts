import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { taggedChat, openModelSamplers, type OpenAIChatQuirks } from '../dialects/index.ts'

/** DeepInfra. Some models count reasoning apart from the completion. */
export const deepinfra: ProviderDefinition = defineProvider({
  id: 'deepinfra',
  name: 'DeepInfra',
  dialect: taggedChat,
  baseUrl: 'https://api.deepinfra.com/v1/openai',
  auth: { type: 'bearer' },
  env: ['DEEPINFRA_API_KEY', 'DEEPINFRA_TOKEN'],
  namespacedModels: true,
  params: {
    ...openModelSamplers,
    metadata: { drop: 'the API has no such parameter' },
  },
  quirks: {
    reasoningApart: true,
    efforts: ['none', 'low', 'medium', 'high', 'xhigh'],
  } satisfies OpenAIChatQuirks,
  docs: 'https://docs.deepinfra.com/api-reference/chat-completions/openai-chat-completions',
  verifiedOn: '2026-11-21',
  unverified: 'logit bias, log probabilities and parallel tool calls',
})

import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { taggedChat, openModelSamplers, type OpenAIChatQuirks } from '../dialects/index.ts'

/** Nebius Token Factory. */
export const nebius: ProviderDefinition = defineProvider({
  id: 'nebius',
  name: 'Nebius Token Factory',
  dialect: taggedChat,
  baseUrl: 'https://api.tokenfactory.nebius.com/v1',
  auth: { type: 'bearer' },
  env: ['NEBIUS_API_KEY'],
  namespacedModels: true,
  params: openModelSamplers,
  quirks: {
    reasoningField: 'reasoning_content',
    efforts: ['low', 'medium', 'high'],
  } satisfies OpenAIChatQuirks,
  docs: 'https://docs.tokenfactory.nebius.com/api-reference/inference/create-chat-completion',
  verifiedOn: '2026-11-21',
  unverified:
    'top-k, min-p, repetition penalty, seed, parallel tool calls and metadata: not in the reference, which allows other fields',
})

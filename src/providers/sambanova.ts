import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { taggedChat, type OpenAIChatQuirks } from '../dialects/index.ts'

const unused = { drop: 'the API ignores it' } as const

/** SambaNova. */
export const sambanova: ProviderDefinition = defineProvider({
  id: 'sambanova',
  name: 'SambaNova',
  dialect: taggedChat,
  baseUrl: 'https://api.sambanova.ai/v1',
  auth: { type: 'bearer' },
  env: ['SAMBANOVA_API_KEY'],
  params: {
    topK: { to: 'top_k' },
    frequencyPenalty: unused,
    presencePenalty: unused,
    user: { drop: 'the API has no end-user id' },
    metadata: { drop: 'the API has no such parameter' },
  },
  quirks: { efforts: ['low', 'medium', 'high'] } satisfies OpenAIChatQuirks,
  docs: 'https://docs.sambanova.ai/cloud/api-reference/overview',
  verifiedOn: '2026-11-21',
})

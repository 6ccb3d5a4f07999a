import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { taggedChat, openaiResponses } from '../dialects/index.ts'

const unknown = { drop: 'the API has no such parameter' } as const

/** The router of Hugging Face. `model:provider` selects the provider that serves a model. */
export const huggingface: ProviderDefinition = defineProvider({
  id: 'huggingface',
  name: 'Hugging Face',
  dialect: taggedChat,
  baseUrl: 'https://router.huggingface.co/v1',
  auth: { type: 'bearer' },
  env: ['HF_TOKEN', 'HUGGINGFACE_API_KEY'],
  namespacedModels: true,
  params: {
    topLogprobs: { to: 'top_logprobs', clamp: [0, 5] },
    n: unknown,
    logitBias: unknown,
    parallelToolCalls: unknown,
    user: unknown,
    metadata: unknown,
  },
  apis: { responses: { dialect: openaiResponses } },
  embeddings: null,
  docs: 'https://huggingface.co/docs/inference-providers/tasks/chat-completion',
  verifiedOn: '2026-11-21',
})

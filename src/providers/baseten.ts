import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { taggedChat, openModelSamplers } from '../dialects/index.ts'

/** Baseten's model APIs. A dedicated deployment has its own `baseUrl`. */
export const baseten: ProviderDefinition = defineProvider({
  id: 'baseten',
  name: 'Baseten',
  dialect: taggedChat,
  baseUrl: 'https://inference.baseten.co/v1',
  auth: { type: 'bearer' },
  env: ['BASETEN_API_KEY'],
  namespacedModels: true,
  params: openModelSamplers,
  docs: 'https://docs.baseten.co/reference/inference-api/chat-completions',
  verifiedOn: '2026-11-21',
  unverified:
    'which settings each model accepts; some turn thinking on with chat_template_args (extraBody) instead of an effort; embeddings need a deployment of their own',
})

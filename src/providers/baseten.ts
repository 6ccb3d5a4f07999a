import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat } from '../dialects/index.ts'

/** Baseten, model APIs. For a dedicated deployment give its own `baseUrl`. */
export const baseten: ProviderDefinition = defineProvider({
  id: 'baseten',
  name: 'Baseten',
  dialect: openaiChat,
  baseUrl: 'https://inference.baseten.co/v1',
  auth: { type: 'bearer' },
  env: ['BASETEN_API_KEY'],
  namespacedModels: true,
  params: {
    topK: { to: 'top_k' },
    minP: { to: 'min_p' },
    repetitionPenalty: { to: 'repetition_penalty' },
  },
  docs: 'https://docs.baseten.co/reference/inference-api/chat-completions',
  verifiedOn: '2026-11-21',
  unverified:
    'which settings each model takes; some turn thinking on with chat_template_args (extraBody) instead of an effort; embeddings need a deployment of their own',
})

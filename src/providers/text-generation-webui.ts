import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat } from '../dialects/index.ts'

/** Text generation web UI. */
export const textGenerationWebui: ProviderDefinition = defineProvider({
  id: 'text-generation-webui',
  name: 'Text generation web UI',
  dialect: openaiChat,
  baseUrl: 'http://localhost:5000/v1',
  auth: { type: 'bearer' },
  env: ['OOBABOOGA_API_KEY'],
  keyRequired: false,
  params: {
    topK: { to: 'top_k' },
    minP: { to: 'min_p' },
    repetitionPenalty: { to: 'repetition_penalty' },
  },
  docs: 'https://github.com/oobabooga/text-generation-webui/wiki/12-%E2%80%90-OpenAI-API',
  checked: '2026-11-21',
})

import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat } from '../dialects/index.ts'

/** vLLM. */
export const vllm: ProviderDefinition = defineProvider({
  id: 'vllm',
  name: 'vLLM',
  dialect: openaiChat,
  baseUrl: 'http://localhost:8000/v1',
  auth: { type: 'bearer' },
  env: ['VLLM_API_KEY'],
  keyRequired: false,
  params: {
    topK: { to: 'top_k' },
    minP: { to: 'min_p' },
    repetitionPenalty: { to: 'repetition_penalty' },
    user: { drop: 'the server ignores it' },
  },
  docs: 'https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html',
  checked: '2026-11-21',
})

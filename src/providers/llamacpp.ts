import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, type OpenAIChatQuirks } from '../dialects/index.ts'

/** llama.cpp server. */
export const llamacpp: ProviderDefinition = defineProvider({
  id: 'llamacpp',
  name: 'llama.cpp server',
  dialect: openaiChat,
  baseUrl: 'http://localhost:8080/v1',
  auth: { type: 'bearer' },
  env: ['LLAMACPP_API_KEY'],
  keyRequired: false,
  params: {
    topK: { to: 'top_k' },
    minP: { to: 'min_p' },
    repetitionPenalty: { to: 'repeat_penalty' },
  },
  quirks: { reasoningField: 'reasoning_content' } satisfies OpenAIChatQuirks,
  docs: 'https://github.com/ggml-org/llama.cpp/tree/master/tools/server',
  checked: '2026-11-21',
})

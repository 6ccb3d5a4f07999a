import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import {
  grammarSchemas,
  openModelSamplers,
  openaiResponses,
  taggedChat,
  type OpenAIChatQuirks,
} from '../dialects/index.ts'

/** llama.cpp server. It uses its loaded model for every request, unless it runs as a router. */
export const llamacpp: ProviderDefinition = defineProvider({
  id: 'llamacpp',
  name: 'llama.cpp server',
  dialect: taggedChat,
  baseUrl: 'http://localhost:8080/v1',
  auth: { type: 'bearer' },
  env: ['LLAMACPP_API_KEY', 'LLAMA_API_KEY'],
  keyRequired: false,
  defaultModel: 'default',
  params: {
    ...openModelSamplers,
    repetitionPenalty: { to: 'repeat_penalty' },
    user: { drop: 'the server ignores it' },
    metadata: { drop: 'the server ignores it' },
  },
  rules: grammarSchemas,
  quirks: { reasoningField: 'reasoning_content' } satisfies OpenAIChatQuirks,
  // The server continues a final assistant message unless it was started with --no-prefill-assistant.
  models: { '*': { prefill: true } },
  apis: { responses: { dialect: openaiResponses } },
  docs: 'https://github.com/ggml-org/llama.cpp/tree/master/tools/server',
  verifiedOn: '2026-11-21',
})

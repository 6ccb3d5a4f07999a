import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { grammarSchemas, openaiResponses, taggedChat, type OpenAIChatQuirks } from '../dialects/index.ts'

const ignored = { drop: 'the server ignores it' } as const

/** LM Studio. It has JSON with a schema only. */
export const lmstudio: ProviderDefinition = defineProvider({
  id: 'lmstudio',
  name: 'LM Studio',
  dialect: taggedChat,
  baseUrl: 'http://localhost:1234/v1',
  auth: { type: 'bearer' },
  env: ['LMSTUDIO_API_KEY', 'LM_API_TOKEN'],
  keyRequired: false,
  params: {
    topK: { to: 'top_k' },
    repetitionPenalty: { to: 'repeat_penalty' },
    n: ignored,
    logprobs: ignored,
    topLogprobs: ignored,
    parallelToolCalls: ignored,
    user: ignored,
    metadata: ignored,
  },
  rules: grammarSchemas,
  quirks: { jsonBySchema: true } satisfies OpenAIChatQuirks,
  apis: { responses: { dialect: openaiResponses } },
  docs: 'https://lmstudio.ai/docs/developer/openai-compat/chat-completions',
  verifiedOn: '2026-11-21',
  unverified: 'the effort word in chat completions, which the list of parameters lacks',
})

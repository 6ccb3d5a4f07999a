import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, type OpenAIChatQuirks } from '../dialects/index.ts'

/** Jan. Any key, as long as it is the one set in the app. */
export const jan: ProviderDefinition = defineProvider({
  id: 'jan',
  name: 'Jan',
  dialect: openaiChat,
  baseUrl: 'http://127.0.0.1:1337/v1',
  auth: { type: 'bearer' },
  env: ['JAN_API_KEY'],
  params: {
    topK: { to: 'top_k' },
    minP: { to: 'min_p' },
    repetitionPenalty: { to: 'repeat_penalty' },
    user: { drop: 'the server ignores it' },
    metadata: { drop: 'the server ignores it' },
  },
  quirks: { reasoningField: 'reasoning_content' } satisfies OpenAIChatQuirks,
  docs: 'https://www.jan.ai/docs/desktop/api-server',
  verifiedOn: '2026-11-21',
  unverified: 'samplers: taken from the llama.cpp server that it runs',
})

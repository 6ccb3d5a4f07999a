import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { grammarSchemas, openModelSamplers, taggedChat, type OpenAIChatQuirks } from '../dialects/index.ts'

/** Jan. The key is the one set in its app. */
export const jan: ProviderDefinition = defineProvider({
  id: 'jan',
  name: 'Jan',
  dialect: taggedChat,
  baseUrl: 'http://127.0.0.1:1337/v1',
  auth: { type: 'bearer' },
  env: ['JAN_API_KEY'],
  params: {
    ...openModelSamplers,
    repetitionPenalty: { to: 'repeat_penalty' },
    user: { drop: 'the server ignores it' },
    metadata: { drop: 'the server ignores it' },
  },
  rules: grammarSchemas,
  quirks: { reasoningField: 'reasoning_content' } satisfies OpenAIChatQuirks,
  docs: 'https://www.jan.ai/docs/desktop/api-server',
  verifiedOn: '2026-11-21',
  unverified: 'samplers, which are those of the llama.cpp server that it runs',
})

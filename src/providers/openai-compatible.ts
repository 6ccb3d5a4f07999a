import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, openModelSamplers, type OpenAIChatQuirks } from '../dialects/index.ts'

const signed = { quirks: { signedCalls: true } } as const

/** Any server of the chat completions format, by its `baseUrl`. Top-k, min-p and repetition penalty are sent too. */
export const openaiCompatible: ProviderDefinition = defineProvider({
  id: 'openai-compatible',
  name: 'OpenAI-compatible server',
  dialect: openaiChat,
  auth: { type: 'bearer' },
  env: ['OPENAI_COMPATIBLE_API_KEY'],
  keyRequired: false,
  params: openModelSamplers,
  quirks: { reasoningField: 'reasoning_content', foreignThoughts: false } satisfies OpenAIChatQuirks,
  models: { '*gemini-3*': signed, '*gemini-4*': signed },
  docs: 'https://platform.openai.com/docs/api-reference/chat',
  verifiedOn: '2026-11-21',
})

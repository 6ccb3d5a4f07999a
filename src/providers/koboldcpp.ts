import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { koboldGenerate, openaiChat, type KoboldQuirks } from '../dialects/index.ts'

/**
 * KoboldCpp, native generate; `api: 'openai'` for its OpenAI-compatible server, which takes tools and images too. The server
 * puts the chat template of its model in the place of these marks; one from 2024 does not know them yet and needs a
 * definition with marks of its own.
 */
export const koboldcpp: ProviderDefinition = defineProvider({
  id: 'koboldcpp',
  name: 'KoboldCpp',
  dialect: koboldGenerate,
  baseUrl: 'http://localhost:5001/api/v1',
  auth: { type: 'bearer' },
  env: ['KOBOLDCPP_API_KEY'],
  keyRequired: false,
  // The server has loaded one model, whatever is asked for.
  defaultModel: 'koboldcpp',
  quirks: {
    marks: {
      systemStart: '{{[SYSTEM]}}',
      systemEnd: '{{[SYSTEM_END]}}',
      userStart: '{{[INPUT]}}',
      userEnd: '{{[INPUT_END]}}',
      assistantStart: '{{[OUTPUT]}}',
      assistantEnd: '{{[OUTPUT_END]}}',
    },
  } satisfies KoboldQuirks,
  embeddings: null,
  apis: {
    openai: {
      dialect: openaiChat,
      baseUrl: 'http://localhost:5001/v1',
      params: { topK: { to: 'top_k' }, minP: { to: 'min_p' }, repetitionPenalty: { to: 'rep_pen' } },
      quirks: {},
      embeddings: undefined,
    },
  },
  docs: 'https://lite.koboldai.net/koboldcpp_api',
  verifiedOn: '2026-11-21',
})

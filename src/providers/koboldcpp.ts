import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import {
  createSplitter,
  grammarSchemas,
  koboldGenerate,
  taggedChat,
  type KoboldQuirks,
} from '../dialects/index.ts'

/**
 * KoboldCpp, native generate format. `api: 'openai'`: its OpenAI-compatible server, which also has tools and images. The
 * server replaces these role marks by its model's chat template. Servers of 2024 do not know them and need a definition with
 * other `marks`.
 */
export const koboldcpp: ProviderDefinition = defineProvider({
  id: 'koboldcpp',
  name: 'KoboldCpp',
  dialect: Object.freeze({ ...koboldGenerate, splitter: createSplitter }),
  baseUrl: 'http://localhost:5001/api/v1',
  auth: { type: 'bearer' },
  env: ['KOBOLDCPP_API_KEY'],
  keyRequired: false,
  // The server uses its loaded model for every request.
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
  // The format is one prompt, whose end the model continues.
  models: { '*': { prefill: true } },
  embeddings: null,
  apis: {
    openai: {
      dialect: taggedChat,
      baseUrl: 'http://localhost:5001/v1',
      params: { topK: { to: 'top_k' }, minP: { to: 'min_p' }, repetitionPenalty: { to: 'rep_pen' } },
      quirks: {},
      rules: grammarSchemas,
      embeddings: undefined,
    },
  },
  docs: 'https://lite.koboldai.net/koboldcpp_api',
  verifiedOn: '2026-11-21',
})

import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { taggedChat, openModelSamplers, type OpenAIChatQuirks } from '../dialects/index.ts'

const ignored = { drop: 'the server ignores it' } as const

/** Text generation web UI. It uses its loaded model for every request. */
export const textGenerationWebui: ProviderDefinition = defineProvider({
  id: 'text-generation-webui',
  name: 'Text generation web UI',
  dialect: taggedChat,
  baseUrl: 'http://localhost:5000/v1',
  auth: { type: 'bearer' },
  env: ['OOBABOOGA_API_KEY'],
  keyRequired: false,
  defaultModel: 'default',
  params: {
    ...openModelSamplers,
    n: ignored,
    responseFormat: { drop: 'the server has grammars only (grammar_string in extraBody)' },
    parallelToolCalls: ignored,
    user: ignored,
    metadata: ignored,
  },
  quirks: {
    reasoningField: 'reasoning_content',
    prefillBody: { continue_: true },
  } satisfies OpenAIChatQuirks,
  models: { '*': { prefill: true } },
  docs: 'https://github.com/oobabooga/text-generation-webui/wiki/12-%E2%80%90-OpenAI-API',
  verifiedOn: '2026-11-21',
  unverified: 'whether the server uses earlier reasoning',
})

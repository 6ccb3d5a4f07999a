import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, openModelSamplers, openaiResponses, type OpenAIChatQuirks } from '../dialects/index.ts'

/** LiteLLM proxy. It refuses settings that a model lacks, or drops them if configured so. */
export const litellm: ProviderDefinition = defineProvider({
  id: 'litellm',
  name: 'LiteLLM proxy',
  dialect: openaiChat,
  baseUrl: 'http://localhost:4000/v1',
  auth: { type: 'bearer' },
  env: ['LITELLM_API_KEY', 'LITELLM_PROXY_API_KEY'],
  keyRequired: false,
  params: { ...openModelSamplers, cache: { to: 'prompt_cache_key' } },
  rules: { cacheMarks: { max: 4, tools: true, answers: 'texts', auto: 'placed' } },
  quirks: { reasoningField: 'reasoning_content' } satisfies OpenAIChatQuirks,
  apis: { responses: { dialect: openaiResponses } },
  docs: 'https://docs.litellm.ai/docs/proxy/user_keys',
  verifiedOn: '2026-11-21',
})

import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import {
  detailedModelList,
  openaiChat,
  openModelSamplers,
  openaiResponses,
  type OpenAIChatQuirks,
} from '../dialects/index.ts'

/**
 * OpenRouter. Errors after the start are inside the stream. Reasoning details are sent back unchanged. The headers
 * `HTTP-Referer` and `X-OpenRouter-Title` name the application.
 */
export const openrouter: ProviderDefinition = defineProvider({
  id: 'openrouter',
  name: 'OpenRouter',
  dialect: openaiChat,
  baseUrl: 'https://openrouter.ai/api/v1',
  auth: { type: 'bearer' },
  env: ['OPENROUTER_API_KEY'],
  namespacedModels: true,
  params: {
    cache: { to: 'prompt_cache_key' },
    ...openModelSamplers,
    n: { drop: 'the API gives one answer per request' },
    reasoning: { to: 'reasoning' },
  },
  rules: { cacheMarks: { max: 4, tools: true, answers: 'texts', auto: 'field' } },
  quirks: {
    reasoningStyle: 'object',
    reasoningField: 'reasoning_details',
    fileUrls: true,
  } satisfies OpenAIChatQuirks,
  apis: { responses: { dialect: openaiResponses } },
  modelList: detailedModelList,
  docs: 'https://openrouter.ai/docs/api-reference/chat-completion',
  verifiedOn: '2026-11-21',
})

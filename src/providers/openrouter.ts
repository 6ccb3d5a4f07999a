import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import {
  detailedModelList,
  openaiChatWithTools,
  openModelSamplers,
  openaiResponses,
  type OpenAIChatQuirks,
} from '../dialects/index.ts'
import { chatFieldsAnd, openrouterTools } from './options/index.ts'

/**
 * OpenRouter. Errors after the start are inside the stream. Reasoning details are sent back unchanged. The headers
 * `HTTP-Referer` and `X-OpenRouter-Title` name the application.
 */
export const openrouter: ProviderDefinition = defineProvider({
  id: 'openrouter',
  name: 'OpenRouter',
  dialect: openaiChatWithTools,
  options: chatFieldsAnd(
    'cache_control',
    'image_config',
    'include_reasoning',
    'min_p',
    'modalities',
    'models',
    'plugins',
    'prediction',
    'preset',
    'prompt_cache_key',
    'prompt_cache_options',
    'provider',
    'reasoning',
    'repetition_penalty',
    'route',
    'safety_identifier',
    'session_id',
    'stop_server_tools_when',
    'top_a',
    'top_k',
    'trace',
    'transforms',
    'usage',
    'verbosity',
  ),
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
    serverTools: openrouterTools,
  } satisfies OpenAIChatQuirks,
  apis: { responses: { dialect: openaiResponses, quirks: { serverTools: openrouterTools } } },
  modelList: detailedModelList,
  docs: 'https://openrouter.ai/docs/api-reference/chat-completion',
  verifiedOn: '2026-11-21',
})

import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, openaiResponses, type OpenAIChatQuirks } from '../dialects/index.ts'

/** Vercel AI Gateway. `extraBody.providerOptions` controls routing. */
export const vercelGateway: ProviderDefinition = defineProvider({
  id: 'vercel-gateway',
  name: 'Vercel AI Gateway',
  dialect: openaiChat,
  baseUrl: 'https://ai-gateway.vercel.sh/v1',
  auth: { type: 'bearer' },
  env: ['AI_GATEWAY_API_KEY', 'VERCEL_AI_GATEWAY_API_KEY', 'VERCEL_OIDC_TOKEN'],
  namespacedModels: true,
  params: { reasoning: { to: 'reasoning' }, cache: { to: 'prompt_cache_key' } },
  rules: { cacheMarks: { max: 4, tools: true, answers: 'texts', auto: 'placed' } },
  quirks: {
    reasoningStyle: 'object',
    reasoningField: 'reasoning_details',
    efforts: ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'],
  } satisfies OpenAIChatQuirks,
  apis: { responses: { dialect: openaiResponses } },
  docs: 'https://vercel.com/docs/ai-gateway/sdks-and-apis/openai-chat-completions',
  verifiedOn: '2026-11-21',
  unverified: 'n, log probabilities, logit bias and metadata, which the guide does not list',
})

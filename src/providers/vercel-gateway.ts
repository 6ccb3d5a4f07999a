import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, type OpenAIChatQuirks } from '../dialects/index.ts'

/** Vercel AI Gateway. */
export const vercelGateway: ProviderDefinition = defineProvider({
  id: 'vercel-gateway',
  name: 'Vercel AI Gateway',
  dialect: openaiChat,
  baseUrl: 'https://ai-gateway.vercel.sh/v1',
  auth: { type: 'bearer' },
  env: ['AI_GATEWAY_API_KEY', 'VERCEL_OIDC_TOKEN'],
  namespacedModels: true,
  quirks: { reasoningStyle: 'openrouter', reasoningField: 'reasoning_details' } satisfies OpenAIChatQuirks,
  docs: 'https://vercel.com/docs/ai-gateway/openai-compat',
  checked: '2026-11-21',
})

import { defineProvider, type ModelCapabilities, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, openaiResponses, openaiStrictSchema, type OpenAIChatQuirks } from '../dialects/index.ts'

const v4 = { contextWindow: 1_000_000, maxOutput: 384_000, images: false, reasoning: true } as const

const quirks: OpenAIChatQuirks = {
  reasoningStyle: 'switch_and_effort',
  reasoningField: 'reasoning_content',
  reasoningRequired: true,
  thinksUnasked: true,
  samplersWhileThinking: 'ignored',
  forcedToolChoice: 'unthinking',
}
const models: Readonly<Record<string, ModelCapabilities>> = {
  '*': { jsonSchema: false },
  'deepseek-v4-pro*': v4,
  'deepseek-v4-flash*': v4,
  'deepseek-v4-flash-vision*': { images: true },
  // Older names of the same models.
  'deepseek-chat': { ...v4, quirks: { thinksUnasked: false } satisfies OpenAIChatQuirks },
  'deepseek-reasoner': v4,
}

/**
 * DeepSeek. Its models think unless `reasoning` is `'none'`, and require their earlier reasoning in every assistant
 * message. The API maps every effort word to low, high or max. It has JSON without a schema only.
 * `api: 'beta'` continues an answer that ends the conversation.
 */
export const deepseek: ProviderDefinition = defineProvider({
  id: 'deepseek',
  name: 'DeepSeek',
  dialect: openaiChat,
  baseUrl: 'https://api.deepseek.com',
  auth: { type: 'bearer' },
  env: ['DEEPSEEK_API_KEY'],
  params: {
    seed: { drop: 'the API has no seed' },
    n: { drop: 'the API gives one answer per request' },
    logitBias: { drop: 'the API has no logit bias' },
    parallelToolCalls: { drop: 'the API has no such parameter' },
    reasoning: { to: 'thinking' },
    user: { drop: 'the API has no end-user id' },
    metadata: { drop: 'the API has no such parameter' },
  },
  quirks,
  rules: {
    strictSchema: {
      ...openaiStrictSchema,
      refuses: 'minItems maxItems',
      values: { ...openaiStrictSchema.values, format: /^(email|hostname|ipv4|ipv6|uuid)$/ },
    },
  },
  models,
  apis: {
    responses: { dialect: openaiResponses },
    beta: {
      dialect: openaiChat,
      baseUrl: 'https://api.deepseek.com/beta',
      quirks: { ...quirks, prefillField: 'prefix' },
      models: { ...models, '*': { ...models['*'], prefill: true } },
    },
  },
  embeddings: null,
  docs: 'https://api-docs.deepseek.com/api/create-chat-completion',
  verifiedOn: '2026-11-21',
  unverified: 'log probabilities while the model thinks; the responses API keeps its own limits',
})

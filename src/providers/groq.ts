import { defineProvider, type ModelCapabilities, type ProviderDefinition } from '../core/provider.ts'
import { openaiChatWithTools, type OpenAIChatQuirks } from '../dialects/index.ts'
import { chatFieldsAnd, groqCompoundTools, groqTools } from './options/index.ts'

const unsupported = { drop: 'the API does not support it' } as const
const reasons = { reasoning: { to: 'reasoning_effort' } } as const

const window = { contextWindow: 131_072 } as const
const plain: ModelCapabilities = { ...window, images: false, tools: true }
const oss: ModelCapabilities = {
  ...plain,
  maxOutput: 65_536,
  jsonSchema: true,
  reasoning: true,
  params: reasons,
  quirks: {
    reasoningField: 'reasoning',
    efforts: ['low', 'medium', 'high'],
    serverTools: groqTools,
  } satisfies OpenAIChatQuirks,
}
// Without this field, the reasoning is part of the text.
const qwen: ModelCapabilities = {
  ...window,
  reasoning: true,
  params: reasons,
  body: { reasoning_format: 'parsed' },
  quirks: { reasoningField: 'reasoning', efforts: ['none', 'default'] } satisfies OpenAIChatQuirks,
}

/** Groq. Streams report usage under `x_groq` by default. Only some models accept a JSON schema. */
export const groq: ProviderDefinition = defineProvider({
  id: 'groq',
  name: 'Groq',
  dialect: openaiChatWithTools,
  options: chatFieldsAnd(
    'citation_options',
    'compound_custom',
    'disable_tool_validation',
    'documents',
    'include_reasoning',
    'reasoning_format',
    'search_settings',
  ),
  baseUrl: 'https://api.groq.com/openai/v1',
  auth: { type: 'bearer' },
  env: ['GROQ_API_KEY'],
  params: {
    maxTokens: { to: 'max_completion_tokens' },
    n: { drop: 'the API gives one answer per request' },
    frequencyPenalty: unsupported,
    presencePenalty: unsupported,
    logitBias: unsupported,
    logprobs: unsupported,
    topLogprobs: unsupported,
    reasoning: { drop: 'the model has no reasoning parameter' },
    metadata: { drop: 'the API has no such parameter' },
  },
  models: {
    '*': { jsonSchema: false },
    'openai/gpt-oss*': oss,
    'qwen/qwen3*': qwen,
    'qwen/qwen3.8-27b*': {
      quirks: { efforts: ['none', 'default', 'low', 'medium', 'high'] } satisfies OpenAIChatQuirks,
    },
    'meta-llama/llama-4*': { ...window, maxOutput: 8_192, images: true, tools: true, jsonSchema: true },
    'moonshotai/kimi-k2*': { jsonSchema: true },
    'llama-3.3-70b*': { ...plain, maxOutput: 32_768 },
    'llama-3.1-8b*': plain,
    'groq/compound*': {
      ...window,
      maxOutput: 8_192,
      tools: false,
      quirks: { serverTools: groqCompoundTools } satisfies OpenAIChatQuirks,
    },
  },
  embeddings: null,
  docs: 'https://console.groq.com/docs/api-reference',
  verifiedOn: '2026-11-21',
})

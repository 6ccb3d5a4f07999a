import { defineProvider, type ModelCapabilities, type ProviderDefinition } from '../core/provider.ts'
import { commonEmbeddings, openaiChat, type OpenAIChatQuirks } from '../dialects/index.ts'

const large: ModelCapabilities = { prefill: true, contextWindow: 1_000_000, tools: true, reasoning: true }
// Keeps the reasoning of all turns that are sent back, not of the current one alone.
const preserving: ModelCapabilities = { body: { preserve_thinking: true } }
const series: ModelCapabilities = { tools: true, jsonSchema: true, reasoning: true }

/** Qwen models, worldwide; in China the base URL is https://dashscope.aliyuncs.com/compatible-mode/v1. */
export const qwen: ProviderDefinition = defineProvider({
  id: 'qwen',
  name: 'Alibaba Cloud Model Studio',
  dialect: openaiChat,
  baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
  auth: { type: 'bearer' },
  env: ['DASHSCOPE_API_KEY', 'ALIBABA_API_KEY', 'QWEN_API_KEY'],
  params: {
    topK: { to: 'top_k' },
    topLogprobs: { to: 'top_logprobs', clamp: [0, 5] },
    frequencyPenalty: { drop: 'the API has a presence penalty only' },
    logitBias: { drop: 'the API has no logit bias' },
    reasoning: { to: 'enable_thinking' },
    user: { drop: 'the API has no end-user id' },
    metadata: { drop: 'the API has no such parameter' },
  },
  rules: { cacheMarks: { max: 4, tools: false, answers: 'texts', auto: 'itself' } },
  quirks: {
    reasoningStyle: 'boolean',
    budgetField: 'thinking_budget',
    reasoningField: 'reasoning_content',
    prefillField: 'partial',
  } satisfies OpenAIChatQuirks,
  models: {
    '*': { jsonSchema: false },
    'qwen-max*': {
      prefill: true,
      contextWindow: 32_768,
      maxOutput: 8_192,
      images: false,
      tools: true,
      reasoning: false,
    },
    'qwen-plus*': { ...large, images: false },
    'qwen-flash*': { ...large, images: false },
    'qwen-turbo*': { ...large, images: false },
    'qwen-vl*': { images: true },
    'qwen3-max*': { prefill: true, contextWindow: 262_144, maxOutput: 65_536, images: false, tools: true },
    'qwen3-coder*': { prefill: true, images: false, tools: true, reasoning: false },
    'qwen3-vl*': { images: true, tools: true },
    'qwen3.5*': series,
    'qwen3.6*': series,
    'qwen3.6-max-preview*': preserving,
    'qwen3.6-plus*': preserving,
    'qwen3.7*': { ...series, ...preserving },
    'qwen3.8*': { ...series, ...preserving },
    'kimi-k2.7-code*': preserving,
  },
  embeddings: commonEmbeddings({ maxBatch: 10, user: false }),
  docs: 'https://www.alibabacloud.com/help/en/model-studio/qwen-api-via-openai-chat-completions',
  verifiedOn: '2026-11-21',
  unverified:
    'forced tool calls; open models that think by default answer only in streams or with reasoning: "none"',
})

import { defineProvider, type ModelCapabilities, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, type OpenAIChatQuirks } from '../dialects/index.ts'

const none = { drop: 'the API has no such parameter' } as const
const glm: ModelCapabilities = { contextWindow: 204_800, maxOutput: 131_072, images: false, reasoning: true }
// Without this field, the arguments of a tool call arrive in one piece at the end.
const streamed: ModelCapabilities = { ...glm, body: { tool_stream: true } }
const kept = { clear_thinking: false } as const
// The same, and the reasoning of all turns that are sent back is kept.
const preserving: ModelCapabilities = {
  ...streamed,
  body: { ...streamed.body, thinking: { type: 'enabled', ...kept } },
  quirks: { thinksUnasked: true, switchFields: kept } satisfies OpenAIChatQuirks,
}
const vision: ModelCapabilities = { images: true, reasoning: true }

/** Z.ai (GLM models). The coding plan has its own base URL, https://api.z.ai/api/coding/paas/v4; in China https://open.bigmodel.cn/api/paas/v4. The API may accept a prompt that is too long without an error. */
export const zai: ProviderDefinition = defineProvider({
  id: 'zai',
  name: 'Z.ai',
  dialect: openaiChat,
  baseUrl: 'https://api.z.ai/api/paas/v4',
  auth: { type: 'bearer' },
  env: ['ZAI_API_KEY', 'ZHIPU_API_KEY', 'ZHIPUAI_API_KEY'],
  rules: {
    blankMessages: 'left-out',
  },
  params: {
    temperature: { to: 'temperature', clamp: [0, 1] },
    topP: { to: 'top_p', clamp: [0.01, 1] },
    n: { drop: 'the API gives one answer per request' },
    frequencyPenalty: none,
    presencePenalty: none,
    logitBias: none,
    logprobs: none,
    topLogprobs: none,
    parallelToolCalls: none,
    reasoning: { to: 'thinking' },
    user: { to: 'user_id' },
    metadata: none,
  },
  quirks: {
    reasoningStyle: 'switch',
    reasoningField: 'reasoning_content',
    forcedToolChoice: false,
  } satisfies OpenAIChatQuirks,
  models: {
    '*': { jsonSchema: false },
    'glm-4.5*': { contextWindow: 131_072, maxOutput: 98_304, images: false, reasoning: true },
    'glm-4.5v*': { ...vision, contextWindow: 65_536, maxOutput: 16_384 },
    'glm-4.6*': streamed,
    'glm-4.6v*': { ...vision, contextWindow: 131_072, maxOutput: 32_768 },
    'glm-4.7*': preserving,
    'glm-5*': preserving,
    'glm-5v*': { images: true },
    'glm-5.2*': {
      contextWindow: 1_000_000,
      quirks: { reasoningStyle: 'switch_and_effort' } satisfies OpenAIChatQuirks,
    },
    'glm-5.3*': {
      contextWindow: 1_048_576,
      params: { reasoning: { to: 'reasoning_effort' } },
      quirks: { reasoningStyle: 'effort', efforts: ['low', 'high', 'max'] } satisfies OpenAIChatQuirks,
    },
  },
  modelList: null,
  docs: 'https://docs.z.ai/api-reference/llm/chat-completion',
  verifiedOn: '2026-11-21',
  unverified: 'more than one stop sequence; the seed, which is in the SDK only; embeddings outside China',
})

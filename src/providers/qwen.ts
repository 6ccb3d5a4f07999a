import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { commonEmbeddings, openaiChat, type OpenAIChatQuirks } from '../dialects/index.ts'

/** Qwen models, worldwide; in China the base URL is https://dashscope.aliyuncs.com/compatible-mode/v1. */
export const qwen: ProviderDefinition = defineProvider({
  id: 'qwen',
  name: 'Alibaba Cloud Model Studio',
  dialect: openaiChat,
  baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
  auth: { type: 'bearer' },
  env: ['DASHSCOPE_API_KEY', 'QWEN_API_KEY'],
  params: {
    topK: { to: 'top_k' },
    frequencyPenalty: { drop: 'the API has a presence penalty only' },
    logitBias: { drop: 'the API has no logit bias' },
    user: { drop: 'the API takes no end-user id' },
    metadata: { drop: 'the API has no such parameter' },
  },
  quirks: { reasoningStyle: 'enable_thinking' } satisfies OpenAIChatQuirks,
  embeddings: commonEmbeddings({ maxBatch: 10, user: false }),
  docs: 'https://www.alibabacloud.com/help/en/model-studio/use-qwen-by-calling-api',
  checked: '2026-11-21',
})

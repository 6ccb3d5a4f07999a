import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, type OpenAIChatQuirks } from '../dialects/index.ts'

/** Z.ai (GLM models). The coding plan has its own base URL, https://api.z.ai/api/coding/paas/v4; in China https://open.bigmodel.cn/api/paas/v4. */
export const zai: ProviderDefinition = defineProvider({
  id: 'zai',
  name: 'Z.ai',
  dialect: openaiChat,
  baseUrl: 'https://api.z.ai/api/paas/v4',
  auth: { type: 'bearer' },
  env: ['ZAI_API_KEY', 'ZHIPU_API_KEY'],
  params: {
    seed: { drop: 'the API has no seed' },
    n: { drop: 'the API gives one answer' },
    frequencyPenalty: { drop: 'the API has no penalties' },
    presencePenalty: { drop: 'the API has no penalties' },
    logitBias: { drop: 'the API has no logit bias' },
    logprobs: { drop: 'the API gives no log probabilities' },
    topLogprobs: { drop: 'the API gives no log probabilities' },
    parallelToolCalls: { drop: 'the API has no such parameter' },
    user: { to: 'user_id' },
    metadata: { drop: 'the API has no such parameter' },
  },
  quirks: { reasoningStyle: 'thinking', reasoningField: 'reasoning_content' } satisfies OpenAIChatQuirks,
  docs: 'https://docs.z.ai/api-reference/llm/chat-completion',
  checked: '2026-11-21',
})

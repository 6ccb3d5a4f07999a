import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, openaiResponses, type OpenAIChatQuirks } from '../dialects/index.ts'

/** vLLM. Reasoning comes as `reasoning`, from older servers as `reasoning_content`. */
export const vllm: ProviderDefinition = defineProvider({
  id: 'vllm',
  name: 'vLLM',
  dialect: openaiChat,
  baseUrl: 'http://localhost:8000/v1',
  auth: { type: 'bearer' },
  env: ['VLLM_API_KEY'],
  keyRequired: false,
  params: {
    topK: { to: 'top_k' },
    minP: { to: 'min_p' },
    repetitionPenalty: { to: 'repetition_penalty' },
    user: { drop: 'the server ignores it' },
    metadata: { drop: 'the server ignores it' },
  },
  quirks: {
    reasoningField: 'reasoning',
    budgetField: 'thinking_token_budget',
  } satisfies OpenAIChatQuirks,
  apis: { responses: { dialect: openaiResponses } },
  docs: 'https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html',
  verifiedOn: '2026-11-21',
})

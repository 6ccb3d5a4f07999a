import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { taggedChat, openModelSamplers, openaiResponses, type OpenAIChatQuirks } from '../dialects/index.ts'

/** vLLM. Reasoning is in `reasoning`, of older servers in `reasoning_content`. */
export const vllm: ProviderDefinition = defineProvider({
  id: 'vllm',
  name: 'vLLM',
  dialect: taggedChat,
  baseUrl: 'http://localhost:8000/v1',
  auth: { type: 'bearer' },
  env: ['VLLM_API_KEY'],
  keyRequired: false,
  params: {
    ...openModelSamplers,
    user: { drop: 'the server ignores it' },
    metadata: { drop: 'the server ignores it' },
  },
  quirks: {
    reasoningField: 'reasoning',
    budgetField: 'thinking_token_budget',
    prefillBody: { continue_final_message: true, add_generation_prompt: false },
  } satisfies OpenAIChatQuirks,
  apis: { responses: { dialect: openaiResponses } },
  models: { '*': { prefill: true } },
  docs: 'https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html',
  verifiedOn: '2026-11-21',
})

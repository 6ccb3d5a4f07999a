import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat } from '../dialects/index.ts'

const noSampling = 'reasoning models take no sampling settings'
const reasoningModel = {
  reasoning: true,
  params: {
    maxTokens: { to: 'max_completion_tokens' },
    temperature: { drop: noSampling },
    topP: { drop: noSampling },
    frequencyPenalty: { drop: noSampling },
    presencePenalty: { drop: noSampling },
    logprobs: { drop: noSampling },
    topLogprobs: { drop: noSampling },
    logitBias: { drop: noSampling },
  },
  quirks: { systemRole: 'developer' },
} as const

/** OpenAI, chat completions. */
export const openai: ProviderDefinition = defineProvider({
  id: 'openai',
  name: 'OpenAI',
  dialect: openaiChat,
  baseUrl: 'https://api.openai.com/v1',
  auth: { type: 'bearer' },
  env: ['OPENAI_API_KEY'],
  params: { reasoning: { drop: 'the model does not reason; reasoning models say so' } },
  models: {
    'gpt-5*': {
      ...reasoningModel,
      params: { ...reasoningModel.params, reasoning: { to: 'reasoning_effort' } },
    },
    'o1*': { ...reasoningModel, params: { ...reasoningModel.params, reasoning: { to: 'reasoning_effort' } } },
    'o3*': { ...reasoningModel, params: { ...reasoningModel.params, reasoning: { to: 'reasoning_effort' } } },
    'o4*': { ...reasoningModel, params: { ...reasoningModel.params, reasoning: { to: 'reasoning_effort' } } },
  },
  docs: 'https://platform.openai.com/docs/api-reference/chat',
  checked: '2026-11-21',
})

import { defineProvider, type ModelTraits, type ProviderDefinition } from '../core/provider.ts'
import {
  moderationApi,
  openaiChat,
  openaiResponses,
  type OpenAIChatQuirks,
  type OpenAIResponsesQuirks,
} from '../dialects/index.ts'

const noReasoning = { reasoning: { drop: 'the model does not reason; reasoning models say so' } }
const noSampling = 'reasoning models take no sampling settings'
const noSamplers = {
  temperature: { drop: noSampling },
  topP: { drop: noSampling },
  frequencyPenalty: { drop: noSampling },
  presencePenalty: { drop: noSampling },
  logprobs: { drop: noSampling },
  topLogprobs: { drop: noSampling },
  logitBias: { drop: noSampling },
} as const

const chatReasoner: ModelTraits = {
  reasoning: true,
  params: {
    ...noSamplers,
    maxTokens: { to: 'max_completion_tokens' },
    reasoning: { to: 'reasoning_effort' },
  },
  quirks: { systemRole: 'developer' } satisfies OpenAIChatQuirks,
}
const responsesReasoner: ModelTraits = {
  reasoning: true,
  params: { ...noSamplers, reasoning: { to: 'reasoning' } },
  quirks: { systemRole: 'developer', sealedReasoning: true } satisfies OpenAIResponsesQuirks,
}
// Named like reasoning models, but chat models of the older kind.
const responsesChatter: ModelTraits = {
  reasoning: false,
  params: {
    ...noReasoning,
    temperature: { to: 'temperature' },
    topP: { to: 'top_p' },
    logprobs: { to: 'include' },
    topLogprobs: { to: 'top_logprobs' },
  },
  quirks: { systemRole: 'system', sealedReasoning: false } satisfies OpenAIResponsesQuirks,
}

/** OpenAI: chat completions, or with `api: 'responses'` the responses format. */
export const openai: ProviderDefinition = defineProvider({
  id: 'openai',
  name: 'OpenAI',
  dialect: openaiChat,
  baseUrl: 'https://api.openai.com/v1',
  auth: { type: 'bearer' },
  env: ['OPENAI_API_KEY'],
  params: noReasoning,
  models: { 'gpt-5*': chatReasoner, 'o1*': chatReasoner, 'o3*': chatReasoner, 'o4*': chatReasoner },
  apis: {
    responses: {
      dialect: openaiResponses,
      params: {
        ...noReasoning,
        maxTokens: { to: 'max_output_tokens', clamp: [16, Number.MAX_SAFE_INTEGER] },
        user: { to: 'safety_identifier' },
      },
      models: {
        'gpt-5*': responsesReasoner,
        'gpt-5-chat*': responsesChatter,
        'codex-*': responsesReasoner,
        'o1*': responsesReasoner,
        'o3*': responsesReasoner,
        'o4*': responsesReasoner,
      },
      docs: 'https://platform.openai.com/docs/api-reference/responses',
    },
  },
  moderation: moderationApi('omni-moderation-latest'),
  docs: 'https://platform.openai.com/docs/api-reference/chat',
  checked: '2026-11-21',
})

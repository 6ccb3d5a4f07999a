import { defineProvider, type ModelCapabilities, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat, openaiResponses, responsesModels, type OpenAIChatQuirks } from '../dialects/index.ts'

const fixed = { drop: 'the vendor has fixed it for this model' } as const
const noSamplers = {
  temperature: fixed,
  topP: fixed,
  n: fixed,
  frequencyPenalty: fixed,
  presencePenalty: fixed,
} as const
const kimi: ModelCapabilities = {
  contextWindow: 262_144,
  images: true,
  tools: true,
  reasoning: true,
  params: noSamplers,
}
const switched: OpenAIChatQuirks = {
  reasoningStyle: 'switch',
  thinksUnasked: true,
  forcedToolChoice: 'unthinking',
}
const always: ModelCapabilities = {
  ...kimi,
  prefill: false,
  params: { ...noSamplers, reasoning: { drop: 'the model always thinks' } },
  quirks: { forcedToolChoice: false } satisfies OpenAIChatQuirks,
}

const models: Readonly<Record<string, ModelCapabilities>> = {
  '*': { prefill: true },
  'moonshot-v1*': { images: false, tools: true, reasoning: false, quirks: { forcedToolChoice: false } },
  'moonshot-v1*vision*': { images: true },
  'kimi-k2.5*': { ...kimi, quirks: switched },
  'kimi-k2.6*': { ...kimi, quirks: switched },
  'kimi-k2.7*': always,
  'kimi-k2-thinking*': { ...always, images: false },
  'kimi-k3*': {
    ...kimi,
    prefill: false,
    contextWindow: 1_048_576,
    params: { ...noSamplers, reasoning: { to: 'reasoning_effort' } },
    quirks: { reasoningStyle: 'effort', efforts: ['low', 'high', 'max'], forcedToolChoice: false },
  },
}

/** Moonshot AI, worldwide; in China the base URL is https://api.moonshot.cn/v1. It gives one answer below a temperature of 0.3; the default is below it. */
export const moonshot: ProviderDefinition = defineProvider({
  id: 'moonshot',
  name: 'Moonshot AI',
  dialect: openaiChat,
  baseUrl: 'https://api.moonshot.ai/v1',
  auth: { type: 'bearer' },
  env: ['MOONSHOT_API_KEY', 'MOONSHOTAI_API_KEY', 'KIMI_API_KEY'],
  params: {
    maxTokens: { to: 'max_completion_tokens' },
    temperature: { to: 'temperature', clamp: [0, 1] },
    seed: { drop: 'the API has no seed' },
    logitBias: { drop: 'the API has no logit bias' },
    logprobs: { drop: 'the API has no log probabilities' },
    topLogprobs: { drop: 'the API has no log probabilities' },
    parallelToolCalls: { drop: 'the API has no such parameter' },
    reasoning: { to: 'thinking' },
    user: { to: 'safety_identifier' },
    metadata: { drop: 'the API has no such parameter' },
  },
  quirks: {
    reasoningStyle: 'switch',
    reasoningField: 'reasoning_content',
    choicesFromTemperature: 0.3,
    prefillField: 'partial',
    strictTools: false,
  } satisfies OpenAIChatQuirks,
  models,
  apis: { responses: { dialect: openaiResponses, models: responsesModels(models) } },
  embeddings: null,
  docs: 'https://platform.kimi.ai/docs/api/chat',
  verifiedOn: '2026-11-21',
  unverified: 'the exact temperature below which the API gives one answer: the reference says "close to 0"',
})

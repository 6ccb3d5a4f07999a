import { commonImages } from '../core/fit/rules.ts'
import { defineProvider, type ModelCapabilities, type ProviderDefinition } from '../core/provider.ts'
import {
  moderationApi,
  openaiChatWithTools,
  openaiResponses,
  type OpenAIChatQuirks,
  type OpenAIResponsesQuirks,
} from '../dialects/index.ts'
import { chatOptions, openaiSearch, openaiTools, responsesOptions } from './options/index.ts'

const noReasoning = { reasoning: { drop: 'the model does not reason' } }
const noSampling = 'reasoning models accept no sampling settings'
const noSamplers = {
  temperature: { drop: noSampling },
  topP: { drop: noSampling },
  frequencyPenalty: { drop: noSampling },
  presencePenalty: { drop: noSampling },
  logprobs: { drop: noSampling },
  topLogprobs: { drop: noSampling },
  logitBias: { drop: noSampling },
} as const

const sees = { images: true, tools: true, jsonSchema: true } as const
function chat(contextWindow: number, maxOutput: number, traits: ModelCapabilities = sees): ModelCapabilities {
  return { contextWindow, maxOutput, ...traits }
}
const unstructured = { tools: true, jsonSchema: false } as const

const chatReasoner: ModelCapabilities = {
  ...sees,
  reasoning: true,
  params: {
    ...noSamplers,
    maxTokens: { to: 'max_completion_tokens' },
    stop: { drop: 'the model accepts no stop sequences' },
    reasoning: { to: 'reasoning_effort' },
  },
  quirks: { systemRole: 'developer' } satisfies OpenAIChatQuirks,
}
const oSeries: ModelCapabilities = {
  ...chat(200_000, 100_000),
  ...chatReasoner,
  params: { ...chatReasoner.params, parallelToolCalls: { drop: 'the model has no such parameter' } },
  quirks: { ...chatReasoner.quirks, efforts: ['low', 'medium', 'high'] },
}
function efforts(...words: string[]): ModelCapabilities {
  return { quirks: { efforts: words } satisfies OpenAIChatQuirks }
}
const samplers = {
  temperature: { to: 'temperature' },
  topP: { to: 'top_p' },
  logprobs: { to: 'logprobs' },
  topLogprobs: { to: 'top_logprobs' },
} as const
/** Thinks only if `reasoning` is set, and accepts samplers only without thinking. */
function unasked(...words: string[]): ModelCapabilities {
  return {
    params: samplers,
    quirks: { efforts: words, samplersWhileThinking: 'refused' } satisfies OpenAIChatQuirks,
  }
}
function always(...words: string[]): ModelCapabilities {
  return { params: noSamplers, ...efforts(...words) }
}

const chatModels: Readonly<Record<string, ModelCapabilities>> = {
  'gpt-3.5-turbo*': chat(16_385, 4_096, { ...unstructured, images: false }),
  'gpt-4': chat(8_192, 8_192, { ...unstructured, images: false }),
  'gpt-4-0613': chat(8_192, 8_192, { ...unstructured, images: false }),
  'gpt-4-turbo*': chat(128_000, 4_096, { ...unstructured, images: true }),
  'gpt-4o*': chat(128_000, 16_384),
  'gpt-4o-2024-05-13': { maxOutput: 4_096, jsonSchema: false },
  'gpt-4.1*': chat(1_047_576, 32_768),
  'gpt-*search*': { quirks: { serverTools: openaiSearch } satisfies OpenAIChatQuirks },
  'gpt-5*': { ...chat(400_000, 128_000), ...chatReasoner },
  'gpt-5': efforts('minimal', 'low', 'medium', 'high'),
  'gpt-5-*': efforts('minimal', 'low', 'medium', 'high'),
  'gpt-5-codex*': efforts('low', 'medium', 'high'),
  'gpt-5-pro*': { maxOutput: 272_000, ...efforts('high') },
  'gpt-5-chat*': {
    reasoning: false,
    params: { ...samplers, ...noReasoning, stop: { to: 'stop' } },
    quirks: { systemRole: 'system', efforts: undefined } satisfies OpenAIChatQuirks,
  },
  'gpt-5.*': efforts('none', 'low', 'medium', 'high', 'xhigh'),
  'gpt-5.1*': unasked('none', 'low', 'medium', 'high'),
  'gpt-5.1-codex*': always('low', 'medium', 'high', 'xhigh'),
  'gpt-5.2*': unasked('none', 'low', 'medium', 'high', 'xhigh'),
  'gpt-5.3*': unasked('none', 'low', 'medium', 'high', 'xhigh'),
  'gpt-5.4*': { contextWindow: 1_050_000, ...unasked('none', 'low', 'medium', 'high', 'xhigh') },
  'gpt-5.5*': { contextWindow: 1_050_000 },
  'gpt-5.*-pro*': always('medium', 'high', 'xhigh'),
  'gpt-5.*-chat*': { contextWindow: 128_000, maxOutput: 16_384, ...always('medium') },
  'gpt-6*': chatReasoner,
  'o1*': { ...oSeries, params: { ...oSeries.params, stop: { to: 'stop' } } },
  'o3*': oSeries,
  'o3-mini*': { images: false },
  'o4*': oSeries,
}

const responsesReasoner: ModelCapabilities = {
  reasoning: true,
  params: { ...noSamplers, reasoning: { to: 'reasoning' } },
  quirks: { systemRole: 'developer', sealedReasoning: true } satisfies OpenAIResponsesQuirks,
}
// Chat models without reasoning, although they have a reasoning model's name.
const responsesChatter: ModelCapabilities = {
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

/** OpenAI, chat completions. `api: 'responses'`: the responses format. */
export const openai: ProviderDefinition = defineProvider({
  id: 'openai',
  name: 'OpenAI',
  dialect: openaiChatWithTools,
  options: chatOptions,
  otherOptions: responsesOptions,
  baseUrl: 'https://api.openai.com/v1',
  auth: { type: 'bearer' },
  env: ['OPENAI_API_KEY'],
  params: { ...noReasoning, metadata: { requires: 'store' } },
  rules: { images: commonImages },
  models: chatModels,
  apis: {
    responses: {
      dialect: openaiResponses,
      options: responsesOptions,
      otherOptions: chatOptions,
      quirks: { serverTools: openaiTools } satisfies OpenAIResponsesQuirks,
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
  verifiedOn: '2026-11-21',
})

import { commonImages } from '../core/fit/rules.ts'
import { defineProvider, type ModelCapabilities, type ProviderDefinition } from '../core/provider.ts'
import {
  moderationApi,
  openaiChatWithTools,
  openaiResponses,
  responsesModels,
  responsesTokenCount,
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
    reasoning: { to: 'reasoning_effort' },
  },
  quirks: { systemRole: 'developer' } satisfies OpenAIChatQuirks,
}
const noStop = { stop: { drop: 'the model accepts no stop sequences' } } as const
const stops = { stop: { to: 'stop' } } as const
const oSeries: ModelCapabilities = {
  ...chat(200_000, 100_000),
  ...chatReasoner,
  params: { ...chatReasoner.params, parallelToolCalls: { drop: 'the model has no such parameter' } },
  quirks: { ...chatReasoner.quirks, efforts: ['low', 'medium', 'high'] },
}
// The models refuse the parameter by these names only: o1 and o3-mini accept it.
const stopless: ModelCapabilities = { ...oSeries, params: { ...oSeries.params, ...noStop } }
function efforts(...words: string[]): ModelCapabilities {
  return { quirks: { efforts: words } satisfies OpenAIChatQuirks }
}
const samplers = {
  temperature: { to: 'temperature' },
  topP: { to: 'top_p' },
  logprobs: { to: 'logprobs' },
  topLogprobs: { to: 'top_logprobs' },
} as const
/** Accepts samplers only without thinking; thinks only if `reasoning` is set. */
function unasked(...words: string[]): ModelCapabilities {
  return {
    params: { ...samplers, ...noStop },
    quirks: {
      efforts: words,
      samplersWhileThinking: 'refused',
      thinksUnasked: false,
    } satisfies OpenAIChatQuirks,
  }
}
/** Accepts samplers only without thinking; thinks unless `reasoning` is `none`. */
function byDefault(...words: string[]): ModelCapabilities {
  const { params, quirks } = unasked(...words)
  return { params: { ...params, ...stops }, quirks: { ...quirks, thinksUnasked: true } }
}
function always(...words: string[]): ModelCapabilities {
  return { params: noSamplers, ...efforts(...words) }
}

const upToXhigh = ['low', 'medium', 'high', 'xhigh'] as const
const upToMax = [...upToXhigh, 'max'] as const
const gpt6 = byDefault('none', ...upToMax)

/** Since GPT-5.6, ends of cached prefixes can be marked; the vendor places one itself. */
const breakpoints = { cacheMarks: { max: 3, tools: false, answers: 'none', auto: 'itself' } } as const
const marking = { cacheBreakpoints: true, cacheTtl: 'options' } as const

const chatModels: Readonly<Record<string, ModelCapabilities>> = {
  'gpt-3.5-turbo*': chat(16_385, 4_096, { ...unstructured, images: false }),
  'gpt-4': chat(8_192, 8_192, { ...unstructured, images: false }),
  'gpt-4-0613': chat(8_192, 8_192, { ...unstructured, images: false }),
  'gpt-4-turbo*': chat(128_000, 4_096, { ...unstructured, images: true }),
  'gpt-4o*': chat(128_000, 16_384),
  'gpt-4o-2024-05-13': { maxOutput: 4_096, jsonSchema: false },
  'gpt-4.1*': chat(1_047_576, 32_768),
  'gpt-*search*': { quirks: { serverTools: openaiSearch } satisfies OpenAIChatQuirks },
  'gpt-5*': { ...chat(400_000, 128_000), ...chatReasoner, params: { ...chatReasoner.params, ...noStop } },
  'gpt-5': efforts('minimal', 'low', 'medium', 'high'),
  'gpt-5-*': efforts('minimal', 'low', 'medium', 'high'),
  'gpt-5-codex*': efforts('low', 'medium', 'high'),
  'gpt-5-pro*': { maxOutput: 272_000, ...efforts('high') },
  'gpt-5-chat*': {
    reasoning: false,
    params: { ...samplers, ...noReasoning, ...stops },
    quirks: { systemRole: 'system', efforts: undefined } satisfies OpenAIChatQuirks,
  },
  'gpt-5.*': byDefault('none', 'low', 'medium', 'high', 'xhigh', 'max'),
  'gpt-5.1*': unasked('none', 'low', 'medium', 'high'),
  'gpt-5.1-codex*': always('low', 'medium', 'high', 'xhigh'),
  'gpt-5.2*': unasked('none', 'low', 'medium', 'high', 'xhigh'),
  'gpt-5.3*': unasked('none', 'low', 'medium', 'high', 'xhigh'),
  'gpt-5.4*': { contextWindow: 1_050_000, ...unasked('none', 'low', 'medium', 'high', 'xhigh') },
  'gpt-5.5*': {
    contextWindow: 1_050_000,
    quirks: { efforts: ['none', ...upToXhigh], cacheTtl: 'day' } satisfies OpenAIChatQuirks,
  },
  'gpt-5.6*': {
    api: 'responses',
    rules: breakpoints,
    quirks: { toolsWhileThinking: false, ...marking } satisfies OpenAIChatQuirks,
  },
  'gpt-5.*-pro*': always('medium', 'high', 'xhigh'),
  'gpt-5.*-chat*': { contextWindow: 128_000, maxOutput: 16_384, ...always('medium') },
  'gpt-6*': {
    ...chatReasoner,
    api: 'responses',
    rules: breakpoints,
    params: { ...chatReasoner.params, ...gpt6.params },
    quirks: { ...chatReasoner.quirks, ...gpt6.quirks, ...marking },
  },
  'gpt-6-astra*': always(...upToXhigh),
  'gpt-6.1-sol*': always(...upToXhigh),
  'gpt-6.2-sol*': always(...upToXhigh),
  'gpt-6.2-astra*': always(...upToXhigh),
  'o1*': oSeries,
  'o1-pro*': { streams: false },
  'o3*': stopless,
  'o3-mini*': { images: false, params: stops },
  'o4*': stopless,
}

// On responses, the newest models take all words.
const responsesOnly: Readonly<Record<string, ModelCapabilities>> = {
  'gpt-6-astra*': always(...upToMax),
  'gpt-6.1-sol*': always(...upToMax),
  'gpt-6.2-sol*': always(...upToMax),
  'gpt-6.2-astra*': always(...upToMax),
  'codex-*': chatReasoner,
}

/**
 * OpenAI: chat completions, and the responses format for models that refuse tools with reasoning there. `api: 'responses'` or
 * `'chat'` decides.
 */
export const openai: ProviderDefinition = defineProvider({
  id: 'openai',
  name: 'OpenAI',
  dialect: openaiChatWithTools,
  options: chatOptions,
  otherOptions: responsesOptions,
  baseUrl: 'https://api.openai.com/v1',
  auth: { type: 'bearer' },
  env: ['OPENAI_API_KEY'],
  params: { ...noReasoning, metadata: { requires: 'store' }, cache: { to: 'prompt_cache_key' } },
  rules: { images: commonImages, audio: ['audio/wav', 'audio/mpeg'] },
  quirks: { allowedTools: true, cacheTtl: 'retention' } satisfies OpenAIChatQuirks,
  models: chatModels,
  apis: {
    chat: { dialect: openaiChatWithTools },
    responses: {
      dialect: openaiResponses,
      options: responsesOptions,
      otherOptions: chatOptions,
      params: {
        ...noReasoning,
        maxTokens: { to: 'max_output_tokens', clamp: [16, Number.MAX_SAFE_INTEGER] },
        user: { to: 'safety_identifier' },
      },
      quirks: {
        allowedTools: true,
        cacheTtl: 'retention',
        serverTools: openaiTools,
      } satisfies OpenAIResponsesQuirks,
      models: responsesModels({ ...chatModels, ...responsesOnly }),
      tokenCount: responsesTokenCount,
      docs: 'https://platform.openai.com/docs/api-reference/responses',
    },
  },
  moderation: moderationApi('omni-moderation-latest'),
  docs: 'https://platform.openai.com/docs/api-reference/chat',
  verifiedOn: '2026-11-21',
})

import { defineProvider, type ModelCapabilities, type ProviderDefinition } from '../core/provider.ts'
import {
  openaiChat,
  openaiResponses,
  openaiStrictSchema,
  responsesModels,
  type OpenAIChatQuirks,
  type OpenAIResponsesQuirks,
} from '../dialects/index.ts'
import { xaiTools } from './options/index.ts'

const refused = { drop: 'reasoning models refuse it' } as const
const refuses = 'allOf minLength maxLength minItems maxItems'
const schemas = {
  answerSchema: { root: 'object', refuses },
  strictSchema: { ...openaiStrictSchema, refuses },
} as const
const window = { contextWindow: 1_000_000, images: true, tools: true, jsonSchema: true } as const
function reasoner(...efforts: string[]): ModelCapabilities {
  return { ...window, reasoning: true, quirks: { efforts } satisfies OpenAIChatQuirks }
}
const switched = reasoner('none', 'low', 'medium', 'high')
const noEffort = {
  reasoning: { drop: 'the model has no effort' },
} as const
const effort = { reasoning: { to: 'reasoning_effort' } } as const
const effortless: ModelCapabilities = { ...window, reasoning: true, params: noEffort }

const models: Readonly<Record<string, ModelCapabilities>> = {
  'grok-3': { ...window, reasoning: false, contextWindow: 131_072, params: noEffort },
  'grok-3-mini*': { ...reasoner('low', 'high'), contextWindow: 131_072, images: false },
  'grok-4': effortless,
  'grok-4-*': effortless,
  'grok-code*': effortless,
  'grok-composer*': effortless,
  'grok-4.20*': effortless,
  'grok-4.20-*non-reasoning': {
    reasoning: false,
    params: {
      reasoning: { drop: 'the model does not reason' },
      frequencyPenalty: { to: 'frequency_penalty' },
      presencePenalty: { to: 'presence_penalty' },
      stop: { to: 'stop' },
    },
  },
  'grok-4.20-multi-agent*': {
    tools: false,
    params: effort,
    quirks: { efforts: ['low', 'medium', 'high', 'xhigh'] },
  },
  'grok-4.3*': switched,
  'grok-latest': switched,
  'grok-4.5*': reasoner('low', 'medium', 'high'),
  'grok-4.6*': reasoner('low', 'medium', 'high', 'xhigh'),
  'grok-build*': { contextWindow: 256_000, images: true, tools: true, reasoning: true, params: noEffort },
}

/** xAI, responses format; `api: 'chat'`: chat completions, which the vendor has deprecated. Unlisted models count as reasoning models, without penalties and stop sequences. */
export const xai: ProviderDefinition = defineProvider({
  id: 'xai',
  name: 'xAI',
  dialect: openaiChat,
  baseUrl: 'https://api.x.ai/v1',
  auth: { type: 'bearer' },
  env: ['XAI_API_KEY'],
  rules: {
    ...schemas,
    blankMessages: 'left-out',
  },
  params: {
    topLogprobs: { to: 'top_logprobs', clamp: [0, 8] },
    frequencyPenalty: refused,
    presencePenalty: refused,
    stop: refused,
    logitBias: { drop: 'the API ignores it' },
    cache: { to: 'prompt_cache_key' },
    metadata: { drop: 'the API has no such parameter' },
  },
  models,
  api: 'responses',
  apis: {
    chat: { dialect: openaiChat },
    responses: {
      dialect: openaiResponses,
      rules: schemas,
      params: {
        topLogprobs: { to: 'top_logprobs', clamp: [0, 8] },
        metadata: { drop: 'the API has no such parameter' },
      },
      // Without the encrypted reasoning, later answers are worse.
      quirks: { sealedReasoning: true, serverTools: xaiTools } satisfies OpenAIResponsesQuirks,
      models: responsesModels(models),
    },
  },
  embeddings: null,
  docs: 'https://docs.x.ai/docs/api-reference',
  verifiedOn: '2026-11-21',
  unverified: 'effort words of models after 4.6; penalties and stop of models that do not reason',
})

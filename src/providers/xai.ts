import { defineProvider, type ModelCapabilities, type ProviderDefinition } from '../core/provider.ts'
import {
  openaiChat,
  openaiResponses,
  openaiStrictSchema,
  type OpenAIChatQuirks,
  type OpenAIResponsesQuirks,
} from '../dialects/index.ts'

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
  reasoning: { drop: 'the model has no effort; its name decides whether it reasons' },
} as const

const effortless: ModelCapabilities = { ...window, reasoning: true, params: noEffort }

const unreasoning = {
  reasoning: false,
  params: { reasoning: { drop: 'the model does not reason' } },
} as const

function agents(to: string): ModelCapabilities {
  const quirks: OpenAIChatQuirks = { efforts: ['low', 'medium', 'high', 'xhigh'] }
  return { tools: false, params: { reasoning: { to } }, quirks }
}

const chatModels: Readonly<Record<string, ModelCapabilities>> = {
  'grok-3': switched,
  'grok-3-mini*': { ...reasoner('low', 'high'), contextWindow: 131_072, images: false },
  'grok-4-0709': switched,
  'grok-4-fast*': effortless,
  'grok-4-1-fast*': effortless,
  'grok-code-fast*': effortless,
  'grok-composer*': effortless,
  'grok-4.20*': effortless,
  'grok-4.20-*non-reasoning': {
    ...unreasoning,
    params: {
      ...unreasoning.params,
      frequencyPenalty: { to: 'frequency_penalty' },
      presencePenalty: { to: 'presence_penalty' },
      stop: { to: 'stop' },
    },
  },
  'grok-4.20-multi-agent*': agents('reasoning_effort'),
  'grok-4.3*': switched,
  'grok-latest': switched,
  'grok-4.5*': reasoner('low', 'medium', 'high'),
  'grok-4.6*': reasoner('low', 'medium', 'high', 'xhigh'),
  'grok-build*': { ...effortless, contextWindow: 256_000 },
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
    metadata: { drop: 'the API has no such parameter' },
  },
  models: chatModels,
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
      quirks: { sealedReasoning: true } satisfies OpenAIResponsesQuirks,
      models: {
        ...chatModels,
        'grok-4.20-*non-reasoning': unreasoning,
        'grok-4.20-multi-agent*': agents('reasoning'),
      },
    },
  },
  embeddings: null,
  docs: 'https://docs.x.ai/docs/api-reference',
  verifiedOn: '2026-11-21',
  unverified: 'effort words of models after 4.6; penalties and stop of models that do not reason',
})

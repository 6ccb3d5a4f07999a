import { defineProvider, type ModelCapabilities, type ProviderDefinition } from '../core/provider.ts'
import type { SchemaRule } from '../core/fit/schema-rule.ts'
import type { JsonDraft, JsonObject } from '../core/json.ts'
import { openaiChat, openaiResponses, responsesModels, type OpenAIChatQuirks } from '../dialects/index.ts'

// Nothing beside a reference, a type in every schema, and in unions in the branches.
const schema: SchemaRule = { root: 'object', typed: true, last: typesInside, loneRefs: true }
const schemas = {
  toolSchema: schema,
  answerSchema: schema,
  strictSchema: { ...schema, closed: true },
} as const
const anything: readonly JsonObject[] = [
  ...['string', 'number', 'boolean', 'null', 'object'].map((type) => ({ type })),
  { type: 'array', items: { type: 'string' } },
]
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
  reasoningRequired: 'calls',
  forcedToolChoice: 'unthinking',
}
const always: ModelCapabilities = {
  ...kimi,
  prefill: false,
  params: { ...noSamplers, reasoning: { drop: 'the model always thinks' } },
  quirks: {
    thinksUnasked: true,
    reasoningRequired: 'calls',
    forcedToolChoice: false,
  } satisfies OpenAIChatQuirks,
}

const models: Readonly<Record<string, ModelCapabilities>> = {
  '*': { prefill: true },
  'moonshot-v1*': { images: false, tools: true, reasoning: false, quirks: { forcedToolChoice: false } },
  'moonshot-v1*vision*': { images: true },
  'kimi-k2.5*': { ...kimi, quirks: switched },
  'kimi-k2.6*': {
    ...kimi,
    body: { thinking: { type: 'enabled', keep: 'all' } },
    quirks: { ...switched, switchFields: { keep: 'all' } },
  },
  'kimi-k2.7*': always,
  'kimi-k2-thinking*': { ...always, images: false },
  'kimi-k3*': {
    ...kimi,
    prefill: false,
    contextWindow: 1_048_576,
    params: { ...noSamplers, reasoning: { to: 'reasoning_effort' } },
    quirks: {
      reasoningStyle: 'effort',
      efforts: ['low', 'high', 'max'],
      forcedToolChoice: false,
      thinksUnasked: true,
      reasoningRequired: 'calls',
    },
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
  rules: {
    ...schemas,
    blankMessages: 'left-out',
  },
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
  apis: { responses: { dialect: openaiResponses, rules: schemas, models: responsesModels(models) } },
  embeddings: null,
  docs: 'https://platform.kimi.ai/docs/api/chat',
  verifiedOn: '2026-11-21',
  unverified: 'the exact temperature below which the API gives one answer: the reference says "close to 0"',
})

function typesInside(whole: JsonDraft): JsonDraft {
  const { type, ...rest } = whole
  const { anyOf } = rest
  const isUnion = ['$ref', 'oneOf', 'allOf'].some((key) => rest[key] !== undefined)
  if (!Array.isArray(anyOf)) return type === undefined && !isUnion ? { ...rest, anyOf: anything } : whole
  if (type === undefined) return whole
  return {
    ...rest,
    anyOf: anyOf.map((one: JsonObject) => (one['$ref'] === undefined ? { type, ...one } : one)),
  }
}

import { shortCallIds } from '../core/fit/rules.ts'
import { defineProvider, type ModelCapabilities, type ProviderDefinition } from '../core/provider.ts'
import {
  commonEmbeddings,
  detailedModelList,
  moderationApi,
  openaiChatWithTools,
  type OpenAIChatQuirks,
} from '../dialects/index.ts'
import { chatFieldsAnd, mistralTools } from './options/index.ts'

const window = { contextWindow: 262_144, images: true, tools: true, jsonSchema: true } as const
const switched: ModelCapabilities = {
  ...window,
  reasoning: true,
  params: { reasoning: { to: 'reasoning_effort' } },
  quirks: { reasoningField: 'thinking', efforts: ['none', 'high'] } satisfies OpenAIChatQuirks,
}
function always(...efforts: string[]): ModelCapabilities {
  return { ...switched, quirks: { efforts } satisfies OpenAIChatQuirks }
}

/** Mistral AI. Streams report usage by default. Reasoning is received and sent back as content parts. */
export const mistral: ProviderDefinition = defineProvider({
  id: 'mistral',
  name: 'Mistral AI',
  dialect: openaiChatWithTools,
  options: chatFieldsAnd(
    'document_image_limit',
    'document_page_limit',
    'guardrails',
    'prediction',
    'prompt_cache_key',
    'prompt_mode',
    'random_seed',
    'safe_prompt',
  ),
  baseUrl: 'https://api.mistral.ai/v1',
  auth: { type: 'bearer' },
  env: ['MISTRAL_API_KEY'],
  params: {
    cache: { to: 'prompt_cache_key' },
    temperature: { to: 'temperature', clamp: [0, 1.5] },
    seed: { to: 'random_seed' },
    logitBias: { drop: 'the API has no logit bias' },
    logprobs: { drop: 'the API has no log probabilities' },
    topLogprobs: { drop: 'the API has no log probabilities' },
    reasoning: { drop: 'the model has no reasoning parameter' },
    user: { drop: 'the API has no end-user id' },
  },
  quirks: {
    streamUsage: false,
    requiredToolChoice: 'any',
    prefillField: 'prefix',
    documentParts: true,
    serverTools: mistralTools,
  } satisfies OpenAIChatQuirks,
  rules: {
    callIds: shortCallIds,
    userAfterResult: 'separated',
    blankMessages: 'left-out',
    speakerNames: { absent: 'messages of users have no name' },
  },
  models: {
    '*': { prefill: true },
    'mistral-large*': window,
    'mistral-large-4*': always('low', 'medium', 'high'),
    '*glm-5.3*': always('low', 'high', 'max'),
    'mistral-medium*': window,
    'mistral-medium-3*': switched,
    'mistral-medium-2604*': switched,
    'mistral-medium-latest': switched,
    'mistral-small*': { ...window, contextWindow: 131_072 },
    'mistral-small-2603*': switched,
    'mistral-small-latest': switched,
    'magistral*': {
      contextWindow: 131_072,
      tools: true,
      reasoning: true,
      quirks: { reasoningField: 'thinking' } satisfies OpenAIChatQuirks,
    },
    'codestral*': { contextWindow: 256_000, images: false, tools: true },
    'devstral*': { contextWindow: 262_144, images: false, tools: true },
  },
  embeddings: commonEmbeddings({ maxBatch: 128, dimensions: 'output_dimension', user: false }),
  moderation: moderationApi('mistral-moderation-latest'),
  modelList: detailedModelList,
  docs: 'https://docs.mistral.ai/api',
  verifiedOn: '2026-11-21',
  unverified: 'the maximum batch of embeddings, whose limit is given in tokens',
})

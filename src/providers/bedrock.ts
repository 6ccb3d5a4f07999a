import type { ParamMap } from '../core/params.ts'
import { defineProvider, type ModelCapabilities, type ProviderDefinition } from '../core/provider.ts'
import {
  bedrockCallIds,
  bedrockCohereEmbeddings,
  bedrockConverse,
  bedrockInvoke,
  converseTokenCount,
  invokeTokenCount,
  openaiChat,
  titanEmbeddings,
  type AnthropicMessagesQuirks,
  type BedrockConverseQuirks,
} from '../dialects/index.ts'
import { anthropic } from './anthropic.ts'

const claudeThoughts = anthropic.quirks?.['thoughtsFrom'] as readonly string[]
const thinks = { reasoning: { to: 'additionalModelRequestFields' } } as const
const schema = { responseFormat: { to: 'outputConfig.textFormat' } } as const
const noSampling = 'the model accepts no sampling settings'
const noSamplers = {
  temperature: { drop: noSampling },
  topP: { drop: noSampling },
  topK: { drop: noSampling },
} as const

function model(
  traits: ModelCapabilities,
  params?: ParamMap,
  quirks?: BedrockConverseQuirks,
): ModelCapabilities {
  return { ...traits, params, quirks }
}

const large = { contextWindow: 1_000_000 } as const
// Claude before 4.6 continues an assistant message that ends the conversation; later ones refuse it.
const small = { contextWindow: 200_000, prefill: true } as const
const wide = { ...large, prefill: false } as const
const reasons = { reasoning: true } as const
const structured = { jsonSchema: true } as const
const strict = { strictTools: true } as const

const allEfforts = ['low', 'medium', 'high', 'xhigh', 'max'] as const
const adaptive = { reasoning: 'adaptive', efforts: ['low', 'medium', 'high', 'max'] } as const
const budgeted = { reasoning: 'thinking' } as const
// These models refuse "strict" and schemas in this format, unlike at their own vendor (not verified).
const adaptiveClaude = model(
  { ...wide, ...reasons },
  { ...thinks, ...noSamplers },
  { ...adaptive, efforts: allEfforts },
)
const alwaysAdaptive = {
  ...adaptiveClaude,
  quirks: { ...adaptiveClaude.quirks, alwaysThinks: true },
} as const
const unforced = { forcedToolChoice: false } as const

// Two ends of prefixes are marked under `cache: 'auto'`, because the service marks none itself.
const caching = { max: 4, tools: true, answers: 'all', auto: 'placed' } as const
const cachePoints = { cache: { to: 'cachePoint' } } as const

const claude = model(
  { images: true, tools: true, rules: { cacheMarks: caching } },
  {
    ...cachePoints,
    topK: { to: 'additionalModelRequestFields.top_k' },
    parallelToolCalls: { to: 'additionalModelRequestFields.tool_choice.disable_parallel_tool_use' },
  },
  { thoughtsFrom: claudeThoughts },
)
const separated = { userAfterResult: 'separated' } as const
const noForcing = { forcedToolChoice: false, thoughtsBack: false } as const

/**
 * Amazon Bedrock, converse format. The variable `region` is the region. Requests are signed with AWS credentials, or have a
 * Bedrock API key. Ids of models and inference profiles, and ARNs, are sent unchanged. China and other partitions need
 * their own `baseUrl`.
 */
export const bedrock: ProviderDefinition = defineProvider({
  id: 'bedrock',
  name: 'Amazon Bedrock',
  dialect: bedrockConverse,
  baseUrl: 'https://bedrock-runtime.{region}.amazonaws.com',
  variables: { region: { env: ['AWS_REGION', 'AWS_DEFAULT_REGION'], default: 'us-west-2' } },
  auth: {
    type: 'sigv4',
    service: 'bedrock',
    env: {
      accessKeyId: 'AWS_ACCESS_KEY_ID',
      secretAccessKey: 'AWS_SECRET_ACCESS_KEY',
      sessionToken: 'AWS_SESSION_TOKEN',
    },
  },
  env: ['AWS_BEARER_TOKEN_BEDROCK'],
  params: {
    responseFormat: { drop: 'the model has no structured outputs on Bedrock' },
  },
  models: {
    '*anthropic.claude*': claude,
    '*anthropic.claude-3*': { ...small, reasoning: false },
    '*anthropic.claude-3-7*': model({ ...small, ...reasons }, thinks, budgeted),
    '*anthropic.claude-opus-4*': model({ ...small, ...reasons }, thinks, budgeted),
    '*anthropic.claude-sonnet-4*': model({ ...small, ...reasons }, thinks, budgeted),
    '*anthropic.claude-opus-4-1*': model({}, undefined, { oneSampler: true }),
    '*anthropic.claude-sonnet-4-5*': model(structured, schema, { ...strict, oneSampler: true }),
    '*anthropic.claude-haiku-4-5*': model(
      { ...small, ...reasons, ...structured },
      { ...thinks, ...schema },
      { ...budgeted, ...strict, oneSampler: true },
    ),
    '*anthropic.claude-opus-4-5*': model(structured, schema, { ...strict, oneSampler: true }),
    '*anthropic.claude-sonnet-4-6*': model({ ...wide, ...structured }, schema, {
      ...adaptive,
      ...strict,
      oneSampler: true,
    }),
    '*anthropic.claude-opus-4-6*': model({ ...wide, ...structured }, schema, {
      ...adaptive,
      ...strict,
      oneSampler: true,
    }),
    '*anthropic.claude-opus-4-7*': adaptiveClaude,
    '*anthropic.claude-opus-4-8*': adaptiveClaude,
    '*anthropic.claude-opus-5*': adaptiveClaude,
    '*anthropic.claude-sonnet-5*': adaptiveClaude,
    '*anthropic.claude-haiku-5*': adaptiveClaude,
    '*anthropic.claude-opus-5-5*': { boundThoughts: true, quirks: { ...unforced, alwaysThinks: true } },
    '*anthropic.claude-sonnet-5-5*': { boundThoughts: true, quirks: { ...unforced, alwaysThinks: true } },
    '*anthropic.claude-haiku-5-5*': {
      boundThoughts: true,
      params: {
        temperature: { to: 'inferenceConfig.temperature', clamp: [1, 1] },
        topP: { to: 'inferenceConfig.topP', clamp: [0.99, 0.99] },
      },
      quirks: { forcedToolChoice: 'unthinking', oneSampler: true },
    },
    '*anthropic.claude-fable-5*': alwaysAdaptive,
    '*anthropic.claude-fable-5-*': { boundThoughts: true, quirks: unforced },
    '*anthropic.claude-fable-5-20*': { quirks: { forcedToolChoice: true } },
    '*anthropic.claude-fable-5-v*': { quirks: { forcedToolChoice: true } },
    '*anthropic.claude-mythos-5*': alwaysAdaptive,
    '*anthropic.claude-mythos-5-*': { quirks: unforced },
    '*anthropic.claude-mythos-5-20*': { quirks: { forcedToolChoice: true } },
    '*anthropic.claude-mythos-5-v*': { quirks: { forcedToolChoice: true } },
    '*amazon.nova*': model(
      {
        tools: true,
        rules: { toolSchema: { root: 'object', refs: 'none' }, cacheMarks: { ...caching, tools: false } },
      },
      { ...cachePoints, topK: { to: 'additionalModelRequestFields.inferenceConfig.topK', clamp: [0, 128] } },
      { thoughtsBack: false, bareSchemas: true },
    ),
    '*amazon.nova-2-lite*': model({ ...large, ...reasons }, thinks, { reasoning: 'reasoningConfig' }),
    '*amazon.titan*': model({ tools: false }, undefined, { systemPrompt: false, thoughtsBack: false }),
    '*openai.gpt-oss*': model(
      { contextWindow: 128_000, ...reasons, ...structured },
      { ...thinks, ...schema, stop: { drop: 'the model accepts no stop sequences on Bedrock' } },
      { reasoning: 'reasoning_effort', alwaysThinks: true, ...strict },
    ),
    '*meta.llama*': model({ rules: separated }, undefined, noForcing),
    '*mistral.*': model({ rules: { ...separated, callIds: bedrockCallIds.short } }, undefined, {
      thoughtsBack: false,
      toolResultsAsJson: true,
    }),
    '*mistral.mistral-7b*': model({ tools: false }, undefined, { systemPrompt: false }),
    '*mistral.mixtral*': model({ tools: false }, undefined, { systemPrompt: false }),
    '*mistral.magistral-small*': model(structured, schema, strict),
    '*mistral.ministral-3*': model(structured, schema, strict),
    '*mistral.mistral-large-3*': model(structured, schema, strict),
    '*mistral.voxtral*': model(structured, schema, strict),
    '*cohere.command*': model({}, undefined, noForcing),
    '*qwen.qwen3*': model(
      { ...reasons, ...structured },
      { ...thinks, ...schema },
      {
        reasoning: 'reasoning_config',
        efforts: ['low', 'high'],
        alwaysThinks: true,
        thoughtsBack: false,
        ...strict,
      },
    ),
    '*google.gemma-3-12b*': model(structured, schema, strict),
    '*google.gemma-3-27b*': model(structured, schema, strict),
    '*minimax.minimax-m2*': model(structured, schema, strict),
    '*nvidia.nemotron-nano*': model(structured, schema, strict),
    '*moonshot*': model({ ...structured, rules: { callIds: bedrockCallIds.loose } }, schema, {
      ...strict,
      thoughtsBack: false,
    }),
    '*zai.glm*': model(structured, schema, { ...strict, thoughtsBack: false }),
    '*writer.palmyra*': model({ rules: separated }, undefined, { ...noForcing, toolResultStatus: false }),
  },
  embeddings: titanEmbeddings,
  modelList: null,
  tokenCount: converseTokenCount,
  apis: {
    openai: {
      dialect: openaiChat,
      baseUrl: 'https://bedrock-runtime.{region}.amazonaws.com/openai/v1',
      params: {},
      models: {},
      embeddings: null,
      tokenCount: null,
    },
    // Claude in its vendor's own format, which also has citations and tools that the vendor runs.
    invoke: {
      dialect: bedrockInvoke,
      body: { anthropic_version: 'bedrock-2023-05-31' },
      params: {
        responseFormat: { drop: 'the model has structured outputs in the converse format only' },
        user: { drop: 'the format has no field for the end user' },
      },
      quirks: {
        thinking: 'adaptive',
        strictTools: false,
        thoughtsFrom: claudeThoughts,
      } satisfies AnthropicMessagesQuirks,
      models: Object.fromEntries(
        Object.entries(anthropic.models ?? {}).map(([id, traits]) => [`*anthropic.${id}`, traits]),
      ),
      embeddings: null,
      tokenCount: invokeTokenCount,
    },
    // Cohere's embedding models have a body of their own.
    cohere: { dialect: bedrockConverse, embeddings: bedrockCohereEmbeddings },
  },
  docs: 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html',
  verifiedOn: '2026-11-21',
})

import { defineProvider, type ModelCapabilities, type ProviderDefinition } from '../core/provider.ts'
import { commonEmbeddings, taggedChat, type OpenAIChatQuirks } from '../dialects/index.ts'

const noTools = { drop: 'the API has no tools' } as const
const window = { contextWindow: 128_000, tools: false } as const
const reasoner: ModelCapabilities = {
  ...window,
  reasoning: true,
  params: { reasoning: { to: 'reasoning_effort' } },
  quirks: { efforts: ['minimal', 'low', 'medium', 'high'] } satisfies OpenAIChatQuirks,
}

/** Perplexity. Every chunk has usage and citations. `extraBody` takes search filters. It has JSON with a schema only. */
export const perplexity: ProviderDefinition = defineProvider({
  id: 'perplexity',
  name: 'Perplexity',
  dialect: taggedChat,
  baseUrl: 'https://api.perplexity.ai',
  auth: { type: 'bearer' },
  env: ['PERPLEXITY_API_KEY', 'PPLX_API_KEY'],
  rules: {
    neighbours: 'joined',
    lastAssistant: 'refused',
    lateSystem: 'moved',
    blankMessages: 'left-out',
  },
  params: {
    topK: { to: 'top_k' },
    stop: { drop: 'the API has no stop sequences' },
    seed: { drop: 'the API has no seed' },
    n: { drop: 'the API gives one answer per request' },
    tools: noTools,
    toolChoice: noTools,
    parallelToolCalls: noTools,
    logitBias: { drop: 'the API has no logit bias' },
    logprobs: { drop: 'the API has no log probabilities' },
    topLogprobs: { drop: 'the API has no log probabilities' },
    reasoning: { drop: 'the model has no reasoning parameter' },
    user: { drop: 'the API has no end-user id' },
    metadata: { drop: 'the API has no such parameter' },
  },
  quirks: { streamUsage: false, jsonBySchema: true } satisfies OpenAIChatQuirks,
  models: {
    sonar: window,
    'sonar-pro*': { ...window, contextWindow: 200_000, images: true },
    'sonar-reasoning*': reasoner,
    'sonar-deep-research*': reasoner,
  },
  embeddings: commonEmbeddings({ endpoint: '/v1/embeddings', packed: 'int8', user: false }),
  modelList: null,
  docs: 'https://docs.perplexity.ai/api-reference/chat-completions-post',
  verifiedOn: '2026-11-21',
  unverified: "tools, stop, n and log probabilities, which are in the vendor's SDK and not in its reference",
})

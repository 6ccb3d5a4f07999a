import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { commonEmbeddings, openaiChat, type OpenAIChatQuirks } from '../dialects/index.ts'

/** Perplexity. Usage and citations come with every chunk. */
export const perplexity: ProviderDefinition = defineProvider({
  id: 'perplexity',
  name: 'Perplexity',
  dialect: openaiChat,
  baseUrl: 'https://api.perplexity.ai',
  auth: { type: 'bearer' },
  env: ['PERPLEXITY_API_KEY', 'PPLX_API_KEY'],
  params: {
    topK: { to: 'top_k' },
    stop: { drop: 'the API has no stop sequences' },
    seed: { drop: 'the API has no seed' },
    n: { drop: 'the API gives one answer' },
    tools: { drop: 'the API calls no tools' },
    toolChoice: { drop: 'the API calls no tools' },
    parallelToolCalls: { drop: 'the API calls no tools' },
    logitBias: { drop: 'the API has no logit bias' },
    logprobs: { drop: 'the API gives no log probabilities' },
    topLogprobs: { drop: 'the API gives no log probabilities' },
    user: { drop: 'the API takes no end-user id' },
    metadata: { drop: 'the API has no such parameter' },
  },
  quirks: { streamUsage: false } satisfies OpenAIChatQuirks,
  embeddings: commonEmbeddings({ endpoint: '/v1/embeddings', packed: 'int8', user: false }),
  docs: 'https://docs.perplexity.ai/api-reference/chat-completions-post',
  checked: '2026-11-21',
})

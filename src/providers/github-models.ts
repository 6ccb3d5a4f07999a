import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { taggedChat } from '../dialects/index.ts'

const unknown = { drop: 'the API has no such parameter' } as const
const reasoner = { params: { maxTokens: { to: 'max_completion_tokens' } } } as const

/** GitHub Models. The key is a token with `models:read`. An organisation has its own `baseUrl`. */
export const githubModels: ProviderDefinition = defineProvider({
  id: 'github-models',
  name: 'GitHub Models',
  dialect: taggedChat,
  baseUrl: 'https://models.github.ai/inference',
  auth: { type: 'bearer' },
  env: ['GITHUB_MODELS_TOKEN', 'GITHUB_TOKEN'],
  namespacedModels: true,
  headers: { 'x-github-api-version': '2022-11-28' },
  params: {
    n: unknown,
    logitBias: unknown,
    logprobs: unknown,
    topLogprobs: unknown,
    parallelToolCalls: unknown,
    user: unknown,
    metadata: unknown,
  },
  models: { 'openai/gpt-5*': reasoner, 'openai/o*': reasoner },
  modelList: null,
  docs: 'https://docs.github.com/en/rest/models/inference',
  verifiedOn: '2026-11-21',
  unverified: 'the effort word, which the schema lacks',
})

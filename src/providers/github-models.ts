import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { openaiChat } from '../dialects/index.ts'

/** GitHub Models: a token with `models:read`. */
export const githubModels: ProviderDefinition = defineProvider({
  id: 'github-models',
  name: 'GitHub Models',
  dialect: openaiChat,
  baseUrl: 'https://models.github.ai/inference',
  auth: { type: 'bearer' },
  env: ['GITHUB_MODELS_TOKEN', 'GITHUB_TOKEN'],
  namespacedModels: true,
  headers: { 'x-github-api-version': '2022-11-28' },
  docs: 'https://docs.github.com/en/rest/models/inference',
  checked: '2026-11-21',
})

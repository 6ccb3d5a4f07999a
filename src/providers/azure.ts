import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { commonEmbeddings, openaiChat, openaiResponses } from '../dialects/index.ts'
import { openai } from './openai.ts'

/**
 * Azure OpenAI. The model is the name of a deployment, which has a model's capabilities if it has that model's name. The
 * key is an API key, or an Entra token from a function. `api: 'deployments'`: the older URLs, which need an API version.
 */
export const azure: ProviderDefinition = defineProvider({
  id: 'azure',
  name: 'Azure OpenAI',
  dialect: openaiChat,
  baseUrl: 'https://{resource}.openai.azure.com/openai/v1',
  variables: {
    resource: { env: ['AZURE_OPENAI_RESOURCE', 'AZURE_RESOURCE_NAME'] },
    apiVersion: { env: ['AZURE_OPENAI_API_VERSION', 'OPENAI_API_VERSION'], default: '2024-10-21' },
  },
  auth: { type: 'header', name: 'api-key', tokens: 'bearer' },
  env: ['AZURE_OPENAI_API_KEY', 'AZURE_API_KEY'],
  params: openai.params,
  quirks: openai.quirks,
  models: openai.models,
  apis: {
    chat: { dialect: openaiChat },
    // Whether the resource counts tokens is not known.
    responses: { dialect: openaiResponses, ...openai.apis?.['responses'], tokenCount: undefined },
    deployments: {
      dialect: openaiChat,
      baseUrl: 'https://{resource}.openai.azure.com/openai/deployments',
      paths: { chat: '/{model}/chat/completions' },
      query: { 'api-version': '{apiVersion}' },
      embeddings: {
        ...commonEmbeddings(),
        endpoint: (model) => `/${encodeURIComponent(model)}/embeddings`,
      },
      modelList: null,
    },
  },
  moderation: null,
  docs: 'https://learn.microsoft.com/azure/ai-foundry/openai/reference-preview-latest',
  verifiedOn: '2026-11-21',
  unverified: 'models of other vendors in the same resource: their servers refuse some of these parameters',
})

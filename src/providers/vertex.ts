import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import {
  anthropicMessages,
  gemini,
  predictEmbeddings,
  vertexMessagesTokenCount,
  vertexTokenCount,
  type GeminiQuirks,
} from '../dialects/index.ts'
import { anthropic } from './anthropic.ts'
import { google } from './google.ts'
import { vertexTools } from './options/index.ts'

const place = 'https://{host}/v1/projects/{project}/locations/{location}/publishers'

/**
 * Gemini on Vertex AI. The key is an OAuth token from a function. `api: 'anthropic'`: Claude. `api: 'express'`: a Vertex key
 * instead of project and token.
 */
export const vertex: ProviderDefinition = defineProvider({
  id: 'vertex',
  name: 'Google Vertex AI',
  dialect: gemini,
  optionsOf: ['google'],
  baseUrl: 'https://{host}/v1beta1/projects/{project}/locations/{location}/publishers/google',
  variables: {
    project: { env: ['GOOGLE_VERTEX_PROJECT', 'GOOGLE_CLOUD_PROJECT'] },
    location: { env: ['GOOGLE_VERTEX_LOCATION', 'GOOGLE_CLOUD_LOCATION'], default: 'global' },
    host: {
      from: {
        variable: 'location',
        values: {
          global: 'aiplatform.googleapis.com',
          eu: 'aiplatform.eu.rep.googleapis.com',
          us: 'aiplatform.us.rep.googleapis.com',
          '*': '{location}-aiplatform.googleapis.com',
        },
      },
    },
  },
  auth: { type: 'bearer' },
  env: ['GOOGLE_OAUTH_ACCESS_TOKEN', 'CLOUDSDK_AUTH_ACCESS_TOKEN'],
  rules: { callIds: { absent: 'Vertex AI refuses ids of function calls as unknown fields' } },
  quirks: { allowedTools: true, serverTools: vertexTools } satisfies GeminiQuirks,
  // The Developer API alone refuses penalties of these models.
  models: { ...google.models, 'gemini-2.5*': { ...google.models?.['gemini-2.5*'], params: {} } },
  embeddings: predictEmbeddings,
  modelList: null,
  tokenCount: vertexTokenCount,
  apis: {
    anthropic: {
      dialect: anthropicMessages,
      optionsOf: ['anthropic'],
      baseUrl: `${place}/anthropic/models`,
      paths: { chat: '/{model}:rawPredict', stream: '/{model}:streamRawPredict' },
      body: { anthropic_version: 'vertex-2023-10-16' },
      rules: { cacheMarks: { max: 4, tools: true, answers: 'all', auto: 'placed' } },
      params: { responseFormat: { drop: 'the model has no structured outputs on Vertex AI' } },
      quirks: { ...anthropic.quirks, strictTools: false, bindingControls: false },
      models: anthropic.models,
      embeddings: null,
      tokenCount: vertexMessagesTokenCount,
    },
    express: {
      dialect: gemini,
      baseUrl: 'https://aiplatform.googleapis.com/v1/publishers/google',
      auth: { type: 'header', name: 'x-goog-api-key' },
      env: ['GOOGLE_VERTEX_API_KEY'],
      embeddings: null,
    },
  },
  docs: 'https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference',
  verifiedOn: '2026-11-21',
  unverified: 'structured outputs of Claude models; which embedding models exist at the location "global"',
})

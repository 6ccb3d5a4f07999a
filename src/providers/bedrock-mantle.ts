import { defineProvider, type ModelCapabilities, type ProviderDefinition } from '../core/provider.ts'
import {
  anthropicMessages,
  openaiChat,
  openaiResponses,
  type OpenAIResponsesQuirks,
} from '../dialects/index.ts'
import { anthropic } from './anthropic.ts'

const models: Readonly<Record<string, ModelCapabilities>> = {
  'openai.gpt-oss*': { contextWindow: 128_000, reasoning: true, jsonSchema: true, images: false },
}

/**
 * Amazon Bedrock over its OpenAI-compatible host: chat completions, `api: 'responses'`, and `api: 'messages'` for Claude. The
 * variable `region` is the region. Requests are signed with AWS credentials, or have a Bedrock API key. Some models are
 * served below `/openai/v1` instead of `/v1`: give them as `baseUrl`.
 */
export const bedrockMantle: ProviderDefinition = defineProvider({
  id: 'bedrock-mantle',
  name: 'Amazon Bedrock Mantle',
  dialect: openaiChat,
  baseUrl: 'https://bedrock-mantle.{region}.api.aws/v1',
  variables: { region: { env: ['AWS_REGION', 'AWS_DEFAULT_REGION'], default: 'us-west-2' } },
  auth: {
    type: 'sigv4',
    service: 'bedrock-mantle',
    env: {
      accessKeyId: 'AWS_ACCESS_KEY_ID',
      secretAccessKey: 'AWS_SECRET_ACCESS_KEY',
      sessionToken: 'AWS_SESSION_TOKEN',
    },
  },
  env: ['AWS_BEARER_TOKEN_BEDROCK'],
  models,
  apis: {
    responses: {
      dialect: openaiResponses,
      models,
      quirks: { sealedReasoning: true } satisfies OpenAIResponsesQuirks,
      docs: 'https://docs.aws.amazon.com/bedrock/latest/userguide/inference-responses-api.html',
    },
    messages: {
      dialect: anthropicMessages,
      optionsOf: ['anthropic'],
      baseUrl: 'https://bedrock-mantle.{region}.api.aws/anthropic/v1',
      headers: anthropic.headers,
      params: anthropic.params,
      quirks: anthropic.quirks,
      rules: anthropic.rules,
      models: Object.fromEntries(
        Object.entries(anthropic.models ?? {}).map(([id, traits]) => [`anthropic.${id}`, traits]),
      ),
    },
  },
  embeddings: null,
  docs: 'https://docs.aws.amazon.com/bedrock/latest/userguide/bedrock-mantle.html',
  verifiedOn: '2026-12-01',
  unverified: 'which settings each model takes; the fields of responses that the service leaves out',
})

import { numberOf, objectOf, type JsonDraft, type JsonObject, type JsonValue } from '../../core/json.ts'
import { base64Of } from '../../core/message.ts'
import type { TokenCountApi } from '../../core/token-count.ts'

function picked(body: JsonObject, names: readonly string[]): JsonDraft {
  return Object.fromEntries(
    names.filter((name) => body[name] !== undefined).map((name) => [name, body[name]]),
  )
}

function parseField(name: string): TokenCountApi['parse'] {
  return (reply: JsonValue) => numberOf(objectOf(reply)[name])
}

const MESSAGES_FIELDS = [
  'model',
  'messages',
  'system',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'mcp_servers',
]

/** Counts of the Anthropic messages format. */
export const messagesTokenCount: TokenCountApi = {
  endpoint: () => '/messages/count_tokens',
  render: (body) => picked(body, MESSAGES_FIELDS),
  parse: parseField('input_tokens'),
}

/** Counts of Claude on Vertex AI, where the model is in the body. */
export const vertexMessagesTokenCount: TokenCountApi = {
  ...messagesTokenCount,
  endpoint: () => '/count-tokens:rawPredict',
  render: (body, model) => ({ ...picked(body, MESSAGES_FIELDS), model }),
}

const RESPONSES_FIELDS = [
  'model',
  'input',
  'instructions',
  'tools',
  'text',
  'reasoning',
  'tool_choice',
  'parallel_tool_calls',
  'previous_response_id',
]

/** Counts of the OpenAI responses format. */
export const responsesTokenCount: TokenCountApi = {
  endpoint: () => '/responses/input_tokens',
  render: (body) => picked(body, RESPONSES_FIELDS),
  parse: parseField('input_tokens'),
}

function geminiPath(model: string): string {
  return model.includes('/') ? model : `models/${model}`
}

/** Counts of Google's Gemini API, whose request is that of a chat with its model. */
export const geminiTokenCount: TokenCountApi = {
  endpoint: (model) => `/${geminiPath(model)}:countTokens`,
  render: (body, model) => ({ generateContentRequest: { ...body, model: geminiPath(model) } }),
  parse: parseField('totalTokens'),
}

/** Counts of Gemini on Vertex AI. */
export const vertexTokenCount: TokenCountApi = {
  ...geminiTokenCount,
  render: (body) => picked(body, ['contents', 'systemInstruction', 'tools', 'generationConfig']),
}

const CONVERSE_FIELDS = ['messages', 'system', 'toolConfig', 'additionalModelRequestFields']

/** Counts of the Bedrock converse format. */
export const converseTokenCount: TokenCountApi = {
  endpoint: (model) => `/model/${encodeURIComponent(model)}/count-tokens`,
  render: (body) => ({ input: { converse: picked(body, CONVERSE_FIELDS) } }),
  parse: parseField('inputTokens'),
}

/** Counts of a model's own format on Bedrock. */
export const invokeTokenCount: TokenCountApi = {
  ...converseTokenCount,
  render: (body) => {
    const bytes = new TextEncoder().encode(JSON.stringify(body))
    return { input: { invokeModel: { body: base64Of(bytes) } } }
  },
}

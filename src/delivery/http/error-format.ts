import type { JsonObject } from '../../core/json.ts'
import type { ChatResponse } from '../../core/response.ts'
import { isObject } from '../../core/json.ts'
import {
  anthropicErrorBody,
  anthropicMessagesEncoder,
  openaiChatEncoder,
  openaiErrorBody,
  openaiResponsesEncoder,
  renderAnthropicMessage,
  renderOpenaiChat,
  renderOpenaiResponse,
  type Encoder,
  type EncoderOptions,
  type OpenAIChatOptions,
} from '../encoders/index.ts'
import { readChatBody, type ReadBody } from './chat-body.ts'
import type { JsonReader } from './json-reader.ts'
import type { PublicError, RateLimitNames } from './guards/index.ts'
import { readMessagesBody } from './messages-body.ts'
import { readResponsesBody } from './responses-body.ts'

/** How errors and figures are told at some endpoints. */
export interface ErrorRules {
  readonly errorBody: (error: PublicError, requestId: string) => JsonObject
  readonly rateLimitNames: RateLimitNames
  readonly idHeaders: readonly string[]
}

/** One chat protocol: reads its requests, writes its answers. */
export interface ErrorFormat extends ErrorRules {
  readonly read: (body: JsonReader, originOf: (model: string) => string | undefined) => ReadBody
  readonly encoder: (options: OpenAIChatOptions) => Encoder
  readonly render: (response: ChatResponse, options: EncoderOptions) => JsonObject
}

const OPENAI_TYPES: Readonly<Record<number, string>> = { 403: 'permission_error' }
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  403: 'permission_error',
  413: 'request_too_large',
}

/** The manners of OpenAI's endpoints. */
export const openaiManners: ErrorRules = {
  errorBody: ({ status, error }) => {
    const { body } = openaiErrorBody(error)
    const told = isObject(body['error']) ? body['error'] : {}
    const type = OPENAI_TYPES[status]
    const code = error.code !== undefined && WORDS.test(error.code) ? { code: error.code } : undefined
    // A code of ours goes out where HTTP's rules refuse; one of a provider's 5xx stays here.
    const ours = status < 500 && error.provider === undefined ? code : undefined
    return { error: { ...told, ...(type === undefined ? undefined : { type }), ...ours } }
  },
  rateLimitNames: 'openai',
  idHeaders: ['x-request-id'],
}
const WORDS = /^[a-z_]{1,40}$/

/** The manners of Anthropic's endpoints. */
export const anthropicManners: ErrorRules = {
  errorBody: ({ status, error }, requestId) => {
    const { body } = anthropicErrorBody(error)
    const told = isObject(body['error']) ? body['error'] : {}
    const type = ANTHROPIC_TYPES[status]
    const known = type === undefined ? told : { ...told, type }
    return { type: 'error', error: known, request_id: requestId }
  },
  rateLimitNames: 'anthropic',
  idHeaders: ['x-request-id', 'request-id'],
}

export const chatSurface: ErrorFormat = {
  ...openaiManners,
  read: readChatBody,
  encoder: openaiChatEncoder,
  render: renderOpenaiChat,
}

export const responsesSurface: ErrorFormat = {
  ...openaiManners,
  read: readResponsesBody,
  encoder: openaiResponsesEncoder,
  render: renderOpenaiResponse,
}

export const messagesSurface: ErrorFormat = {
  ...anthropicManners,
  read: readMessagesBody,
  encoder: anthropicMessagesEncoder,
  render: renderAnthropicMessage,
}

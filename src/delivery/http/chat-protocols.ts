import { isObject, type JsonObject } from '../../core/json.ts'
import { mergeParams, type ParamMap } from '../../core/params.ts'
import { anthropicMessages } from '../../dialects/anthropic-messages/index.ts'
import { openaiChat } from '../../dialects/openai-chat/index.ts'
import { openaiResponses } from '../../dialects/openai-responses/index.ts'
import { messages } from '../../protocols/anthropic-messages/index.ts'
import { chatCompletions } from '../../protocols/openai-chat/index.ts'
import { responses } from '../../protocols/openai-responses/index.ts'
import type { ServerProtocol } from '../../protocols/index.ts'
import type { ErrorReply, RateLimitNames } from './guards/index.ts'

/** How an endpoint reports errors and rate limits. */
export interface ErrorFormat {
  readonly errorBody: (error: ErrorReply, requestId: string) => JsonObject
  readonly rateLimitNames: RateLimitNames
  /** Response headers that carry the request id. */
  readonly idHeaders: readonly string[]
}

/** A chat endpoint's protocol: its wire format, and how it reports errors over HTTP. */
export interface EndpointProtocol extends Omit<ServerProtocol, 'errorBody'>, ErrorFormat {
  /** Parameter map by which the protocol's bodies are read. */
  readonly params: ParamMap
}

// What HTTP's own rules reject has statuses that the kinds of errors do not have.
const OPENAI_TYPES: Readonly<Record<number, string>> = { 403: 'permission_error' }
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  403: 'permission_error',
  413: 'request_too_large',
}

/** The error format of OpenAI's endpoints. */
export const openaiErrors: ErrorFormat = {
  errorBody: ({ status, error }) => {
    const { body } = chatCompletions.errorBody(error)
    const usual = isObject(body['error']) ? body['error'] : {}
    const type = OPENAI_TYPES[status]
    const code = error.code !== undefined && CODE.test(error.code) ? { code: error.code } : undefined
    // A code of this library is public; the code of a provider's 5xx is not.
    const ours = status < 500 && error.provider === undefined ? code : undefined
    return { error: { ...usual, ...(type === undefined ? undefined : { type }), ...ours } }
  },
  rateLimitNames: 'openai',
  idHeaders: ['x-request-id'],
}
const CODE = /^[a-z_]{1,40}$/

/** The error format of Anthropic's endpoints. */
export const anthropicErrors: ErrorFormat = {
  errorBody: ({ status, error }, requestId) => {
    const { body } = messages.errorBody(error)
    const usual = isObject(body['error']) ? body['error'] : {}
    const type = ANTHROPIC_TYPES[status]
    const known = type === undefined ? usual : { ...usual, type }
    return { type: 'error', error: known, request_id: requestId }
  },
  rateLimitNames: 'anthropic',
  idHeaders: ['x-request-id', 'request-id'],
}

// OpenAI's own format lacks these settings; compatible servers take them under these names.
const compatibleParams: ParamMap = {
  topK: { to: 'top_k' },
  minP: { to: 'min_p' },
  repetitionPenalty: { to: 'repetition_penalty' },
}

export const chatCompletionsProtocol: EndpointProtocol = {
  ...chatCompletions,
  ...openaiErrors,
  params: mergeParams(openaiChat.params, compatibleParams),
}

export const responsesProtocol: EndpointProtocol = {
  ...responses,
  ...openaiErrors,
  params: openaiResponses.params,
}

export const messagesProtocol: EndpointProtocol = {
  ...messages,
  ...anthropicErrors,
  params: anthropicMessages.params,
}

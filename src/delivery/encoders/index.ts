export type { Encoder, StreamEnd } from './encoder.ts'
export type { EncoderOptions, OpenAIChatOptions, PlainSseOptions } from './options.ts'
export { openaiChatEncoder } from './openai-chat.ts'
export { openaiResponsesEncoder } from './openai-responses.ts'
export { anthropicMessagesEncoder } from './anthropic-messages.ts'
export { uiMessageEncoder } from './ui-message.ts'
export { plainSseEncoder } from './plain-sse.ts'
export { ndjsonEncoder } from './ndjson.ts'
export { plainTextEncoder } from './plain-text.ts'
export { renderAnthropicMessage, renderOpenaiChat, renderOpenaiResponse } from './render-response.ts'
export {
  anthropicErrorBody,
  openaiErrorBody,
  plainErrorBody,
  publicError,
  type ErrorAnswer,
  type PublicError,
} from './error-body.ts'

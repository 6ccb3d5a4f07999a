import type { ServerProtocol } from '../protocol.ts'
import { openaiChatEncoder } from './encoder.ts'
import { openaiErrorBody } from './error-body.ts'
import { readChatBody } from './read-body.ts'
import { renderOpenaiChat } from './render.ts'

/** OpenAI's chat completions. */
export const chatCompletions: ServerProtocol = Object.freeze({
  readBody: readChatBody,
  encoder: openaiChatEncoder,
  render: renderOpenaiChat,
  errorBody: openaiErrorBody,
})

export { openaiChatEncoder, openaiErrorBody, renderOpenaiChat }
export type { OpenAIChatOptions } from './encoder.ts'

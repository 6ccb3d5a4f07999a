import type { ServerProtocol } from '../protocol.ts'
import { anthropicMessagesEncoder } from './encoder.ts'
import { anthropicErrorBody } from './error-body.ts'
import { readMessagesBody } from './read-body.ts'
import { renderAnthropicMessage } from './render.ts'

/** Anthropic's messages. */
export const messages: ServerProtocol = Object.freeze({
  readBody: readMessagesBody,
  encoder: anthropicMessagesEncoder,
  render: renderAnthropicMessage,
  errorBody: anthropicErrorBody,
})

export { anthropicErrorBody, anthropicMessagesEncoder, renderAnthropicMessage }

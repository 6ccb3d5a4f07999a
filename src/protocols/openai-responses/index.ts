import { openaiErrorBody } from '../openai-chat/index.ts'
import type { ServerProtocol } from '../protocol.ts'
import { openaiResponsesEncoder } from './encoder.ts'
import { readResponsesBody } from './read-body.ts'
import { renderOpenaiResponse } from './render.ts'

/** OpenAI's responses. */
export const responses: ServerProtocol = Object.freeze({
  readBody: readResponsesBody,
  encoder: openaiResponsesEncoder,
  render: renderOpenaiResponse,
  errorBody: openaiErrorBody,
})

export { openaiResponsesEncoder, renderOpenaiResponse }

import type { Call } from '../core/call.ts'
import { loadSchemas } from '../core/fit/load-schemas.ts'
import type { ChatResponse } from '../core/response.ts'

/**
 * Adds `object`, the parsed and validated text, to a response whose request has `responseFormat: json`. Adds a warning
 * instead if the text is not valid.
 */
export function parseStructuredOutput(
  { settings: { responseFormat: format } }: Call,
  response: ChatResponse,
): ChatResponse | Promise<ChatResponse> {
  if (format?.type !== 'json' || response.text === '') return response
  // Loaded for the request already.
  return Promise.resolve(loadSchemas()).then(({ parseAnswer }) => parseAnswer(response, format))
}

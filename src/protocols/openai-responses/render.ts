import { checkResponse } from '../check-response.ts'
import { responseToEvents } from '../../core/response-events.ts'
import { newId } from '../../core/create-id.ts'
import type { JsonObject } from '../../core/json.ts'
import type { ChatResponse } from '../../core/response.ts'
import type { EncoderOptions } from '../encoder.ts'
import { OutputItems } from './output-items.ts'
import { outcomeOf, responseObject } from './parts.ts'

/** Renders a whole response as OpenAI's response object. */
export function renderOpenaiResponse(response: ChatResponse, options: EncoderOptions): JsonObject {
  checkResponse('renderOpenaiResponse', response, options)
  const { id = newId('resp'), model = response.model, createdMs, conversationId } = options
  const items = new OutputItems(id, () => undefined)
  // Cited before the text: `OutputItems` holds citations back until their message begins.
  for (const citation of response.citations) items.cite(citation)
  for (const event of responseToEvents({ ...response, choices: undefined })) {
    if (event.type === 'text-delta') items.addText(event.text, event.logprobs)
    else if (event.type === 'reasoning-delta') items.addReasoning(event)
    else if (event.type === 'file') items.addFile(event)
    else if (event.type === 'tool-call' && options.isServerTool?.(event.name) !== true)
      items.finishCall(event)
  }
  items.finishAll('completed', false)
  const whole = responseObject({ id, model, createdMs, conversationId }, items.output, response.usage)
  return { ...whole, ...outcomeOf(response.finishReason) } as JsonObject
}

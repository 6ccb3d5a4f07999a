import { checkResponse } from '../check-response.ts'
import { responseToEvents } from '../../core/response-events.ts'
import { newId } from '../../core/create-id.ts'
import { isObject, type JsonObject } from '../../core/json.ts'
import type { ChatResponse } from '../../core/response.ts'
import type { EncoderOptions } from '../encoder.ts'
import { citationOf, stopReason, usageOf } from './parts.ts'

/** Renders a whole response as Anthropic's message. */
export function renderAnthropicMessage(response: ChatResponse, options: EncoderOptions): JsonObject {
  checkResponse('renderAnthropicMessage', response, options)
  const { id = newId('msg'), model = response.model } = options
  const content: JsonObject[] = []
  const citations = response.citations.map(citationOf)
  let calls = false
  for (const event of responseToEvents({ ...response, choices: undefined })) {
    if (event.type === 'text-delta') {
      const cited = citations.length === 0 ? undefined : { citations: citations.splice(0) }
      content.push({ type: 'text', text: event.text, ...cited })
    } else if (event.type === 'reasoning-delta') {
      const { text, signature = '', encrypted } = event
      if (text !== '' || signature !== '') content.push({ type: 'thinking', thinking: text, signature })
      if (encrypted !== undefined) content.push({ type: 'redacted_thinking', data: encrypted })
    } else if (event.type === 'tool-call' && options.isServerTool?.(event.name) !== true) {
      calls = true
      const { id: callId, name, arguments: input } = event
      content.push({ type: 'tool_use', id: callId, name, input: isObject(input) ? input : { input } })
    }
  }
  return {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content,
    stop_reason: stopReason(response, calls),
    stop_sequence: null,
    usage: usageOf(response.usage),
  }
}

import type { StreamEvent, ToolCallEvent } from './event.ts'
import { losesDigits } from './json.ts'
import { argumentsText, type AssistantPart, type ToolCallPart } from './message.ts'
import type { ChatResponse } from './response.ts'

/** The events of a response; `collectResponse` makes the same response of them. */
export function responseToEvents(response: ChatResponse): StreamEvent[] {
  const { provider, model, id, usage, finishReason, rawFinishReason } = response
  const events: StreamEvent[] = [
    { type: 'start', provider, model, ...(id === undefined ? undefined : { id }) },
  ]
  for (const warning of response.warnings) events.push({ type: 'warning', warning })
  const choices = response.choices ?? [{ index: 0, message: response.message }]
  for (const { index, message } of choices) {
    const choice = response.choices === undefined ? undefined : { choice: index }
    const parts: readonly AssistantPart[] =
      typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content
    for (const part of parts) replayPart(part, choice, events)
  }
  for (const citation of response.citations) events.push({ type: 'citation', ...citation })
  events.push({ type: 'usage', usage })
  const endings = response.choices?.map((ending) => ({
    finishReason: ending.finishReason,
    rawFinishReason: ending.rawFinishReason,
  }))
  events.push({ type: 'finish', finishReason, rawFinishReason, usage, ...(endings && { choices: endings }) })
  return events
}

// The text of the arguments is in the deltas; in the call only if it is more exact.
function callOf({ origin: _origin, argumentsText: text, ...call }: ToolCallPart): ToolCallEvent {
  return text !== undefined && losesDigits(text) ? { ...call, argumentsText: text } : call
}

function replayPart(
  part: AssistantPart,
  choice: { choice: number } | undefined,
  events: StreamEvent[],
): void {
  switch (part.type) {
    case 'text':
      if (part.text !== '') events.push({ ...part, type: 'text-delta', ...choice })
      return
    case 'reasoning': {
      const { origin: _origin, ...rest } = part
      events.push({ ...rest, type: 'reasoning-delta', ...choice })
      return
    }
    case 'tool-call':
      events.push({ type: 'tool-call-start', id: part.id, name: part.name, ...choice })
      events.push({
        type: 'tool-call-delta',
        id: part.id,
        delta: argumentsText(part),
        ...choice,
      })
      events.push({ ...callOf(part), ...choice })
      return
    case 'server-tool': {
      const { id, name, arguments: asked, block } = part
      if (asked === undefined) events.push({ type: 'server-tool-result', id, name, result: block, ...choice })
      else events.push({ type: 'server-tool-call', id, name, arguments: asked, block, ...choice })
      return
    }
    case 'file':
      events.push({
        type: 'file',
        mediaType: part.mediaType ?? '',
        data: part.data as string | undefined,
        url: part.url,
        ...(part.signature === undefined ? undefined : { signature: part.signature }),
        ...choice,
      })
  }
}

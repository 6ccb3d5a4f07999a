import { responseToEvents } from '../../core/accumulate-response.ts'
import { newId } from '../../core/create-id.ts'
import { isObject, type JsonObject } from '../../core/json.ts'
import { argumentsText } from '../../core/message.ts'
import type { ChatResponse, Choice } from '../../core/response.ts'
import {
  citationOf,
  stopReason as anthropicStopReason,
  usageOf as anthropicUsage,
} from './anthropic-parts.ts'
import { annotationOf, fileDelta, logprobsOf, stopReason, usageOf } from './openai-chat-parts.ts'
import { OutputItems } from './openai-responses-items.ts'
import { outcomeOf, responseObject } from './openai-responses-parts.ts'
import type { EncoderOptions } from './options.ts'

/** A whole answer as OpenAI's chat completion. */
export function renderOpenaiChat(response: ChatResponse, options: EncoderOptions): JsonObject {
  const { id = newId('chatcmpl'), model = response.model, createdMs, conversationId } = options
  const choices = response.choices ?? [{ ...response, index: 0 }]
  return {
    id,
    object: 'chat.completion',
    created: Math.floor(createdMs / 1000),
    model,
    conversation_id: conversationId,
    choices: choices.map((choice) => renderChoice(choice, response, options)),
    usage: usageOf(response.usage),
  }
}

function renderChoice(choice: Choice, response: ChatResponse, options: EncoderOptions): JsonObject {
  const { index, text, reasoning } = choice
  const calls = choice.toolCalls.filter(({ name }) => options.isServerTool?.(name) !== true)
  const toolCalls = calls.map((call) => ({
    id: call.id,
    type: 'function',
    function: { name: call.name, arguments: argumentsText(call) },
    ...(call.signature === undefined
      ? undefined
      : { extra_content: { google: { thought_signature: call.signature } } }),
  }))
  const message: JsonObject = {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    refusal: null,
    ...(reasoning === '' ? undefined : { reasoning_content: reasoning }),
    ...(toolCalls.length === 0 ? undefined : { tool_calls: toolCalls }),
    // Citations and files are told of the whole response: they stand with its first answer.
    ...(index === 0 ? extrasOf(response) : undefined),
  }
  const logprobs = index === 0 && response.logprobs !== undefined ? logprobsOf(response.logprobs) : null
  return { index, message, logprobs, finish_reason: stopReason(choice, calls.length > 0) }
}

function extrasOf({ citations, files }: ChatResponse): JsonObject {
  const annotations = citations.map(annotationOf).filter((annotation) => annotation !== undefined)
  const images = files.flatMap((file) => {
    const { images: pictures } = fileDelta(file)
    return Array.isArray(pictures) ? (pictures as readonly JsonObject[]) : []
  })
  const sound = files.map(fileDelta).find(({ audio }) => audio !== undefined)
  return {
    ...(annotations.length === 0 ? undefined : { annotations }),
    ...(images.length === 0 ? undefined : { images }),
    ...sound,
  }
}

/** A whole answer as OpenAI's response. */
export function renderOpenaiResponse(response: ChatResponse, options: EncoderOptions): JsonObject {
  const { id = newId('resp'), model = response.model, createdMs, conversationId } = options
  const items = new OutputItems(id, () => undefined)
  // They wait for the text that they belong to.
  for (const citation of response.citations) items.cite(citation)
  for (const event of responseToEvents({ ...response, choices: undefined })) {
    if (event.type === 'text-delta') items.addText(event.text, event.logprobs)
    else if (event.type === 'reasoning-delta') items.addThought(event)
    else if (event.type === 'file') items.addFile(event)
    else if (event.type === 'tool-call' && options.isServerTool?.(event.name) !== true)
      items.finishCall(event)
  }
  items.finishAll('completed', false)
  const whole = responseObject({ id, model, createdMs, conversationId }, items.output, response.usage)
  return { ...whole, ...outcomeOf(response.finishReason) } as JsonObject
}

/** A whole answer as Anthropic's message. */
export function renderAnthropicMessage(response: ChatResponse, options: EncoderOptions): JsonObject {
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
    stop_reason: anthropicStopReason(response, calls),
    stop_sequence: null,
    usage: anthropicUsage(response.usage),
  }
}

import { checkResponse } from '../check-response.ts'
import { newId } from '../../core/create-id.ts'
import { callsOf } from '../../core/history.ts'
import type { JsonObject } from '../../core/json.ts'
import { argumentsText } from '../../core/message.ts'
import type { ChatResponse, Choice } from '../../core/response.ts'
import type { EncoderOptions } from '../encoder.ts'
import { annotationOf, fileDelta, logprobsOf, stopReason, usageOf } from './parts.ts'

/** Renders a whole response as OpenAI's chat completion. */
export function renderOpenaiChat(response: ChatResponse, options: EncoderOptions): JsonObject {
  checkResponse('renderOpenaiChat', response, options)
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
  const calls = callsOf(choice.message).filter(({ name }) => options.isServerTool?.(name) !== true)
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
    // Citations and files belong to the whole response, so the first choice carries them.
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

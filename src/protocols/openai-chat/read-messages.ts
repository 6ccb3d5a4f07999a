import type { JsonValue } from '../../core/json.ts'
import {
  readArguments,
  type ReasoningPart,
  type TextPart,
  type ToolCall,
  type UserPart,
} from '../../core/message.ts'
import type { MessageInput } from '../../core/request.ts'
import type { ContentPaths } from '../content-paths.ts'
import type { JsonReader } from '../json-reader.ts'
import { joinTexts, readMark } from '../read-cache.ts'
import { readAudio, readFile, readUrl } from '../read-parts.ts'

/** Reads `messages`, and notes where. `origin` is the dialect id that signed reasoning in the history is bound to. */
export function readMessages(body: JsonReader, paths: ContentPaths, origin?: string): MessageInput[] {
  const messages = body.requiredObjects('messages')
  if (body.list('messages')?.length === 0)
    body.addIssue('messages', 'is empty: add at least one user message')
  return messages.flatMap((message) =>
    readMessage(message, origin).map((made) => paths.note(made, message.at('content'))),
  )
}

function readMessage(message: JsonReader, origin: string | undefined): MessageInput[] {
  const role = message.requiredString('role')
  switch (role) {
    case 'system':
    case 'developer':
      return [{ role, content: joinTexts(readTexts(message)), name: message.text('name') }]
    case 'user':
      return [{ role, content: readUserContent(message), name: message.text('name') }]
    case 'assistant':
      return [readAssistant(message, origin)]
    case 'tool':
      return [{ role, toolCallId: message.requiredString('tool_call_id'), content: readText(message) }]
    case 'function':
      message.addIssue('role', 'is deprecated; send tool_calls and messages of role tool')
      return []
    default:
      if (role !== '') message.addIssue('role', 'must be one of system, developer, user, assistant, tool')
      return []
  }
}

// Content that is a string or a list of text parts.
function readTexts(message: JsonReader): readonly TextPart[] {
  const content = message.raw('content')
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return message.requiredObjects('content').map((part) => {
    if (part.text('type') === 'refusal') return { type: 'text', text: part.text('refusal') ?? '' }
    if (part.text('type') !== 'text') part.addIssue('type', 'must be text in a message of this role')
    return { type: 'text', text: part.text('text') ?? '', ...readMark(part) }
  })
}

function readText(message: JsonReader): string {
  return readTexts(message)
    .map(({ text }) => text)
    .join('\n')
}

function readUserContent(message: JsonReader): string | UserPart[] {
  const content = message.raw('content')
  return typeof content === 'string' ? content : message.requiredObjects('content').flatMap(readUserPart)
}

function readUserPart(part: JsonReader): UserPart[] {
  switch (part.requiredString('type')) {
    case 'text':
      return [{ type: 'text', text: part.text('text') ?? '', ...readMark(part) }]
    case 'image_url': {
      const image = part.requiredObject('image_url')
      if (image === undefined) return []
      const detail = image.oneOf('detail', ['low', 'high', 'auto'])
      return [{ type: 'image', url: readUrl(image, 'url'), detail, ...readMark(part) }]
    }
    case 'input_audio': {
      const audio = part.requiredObject('input_audio')
      return audio === undefined ? [] : [readAudio(audio)]
    }
    case 'file': {
      const file = part.requiredObject('file')
      return file === undefined ? [] : [readFile(file)]
    }
    default:
      return part.addIssue('type', 'must be one of text, image_url, input_audio, file') ?? []
  }
}

function readAssistant(message: JsonReader, origin: string | undefined): MessageInput {
  const calls = message.objects('tool_calls')?.map(readCall)
  if (message.has('function_call')) message.addIssue('function_call', 'is deprecated; send tool_calls')
  const content = message.has('content') ? readText(message) : message.text('refusal')
  const reasoning = readReasoning(message, origin)
  const text = content === undefined || content === '' ? [] : [{ type: 'text' as const, text: content }]
  const toolCalls = calls !== undefined && calls.length > 0 ? calls : undefined
  return {
    role: 'assistant',
    content: reasoning === undefined ? (content ?? '') : [reasoning, ...text],
    name: message.text('name'),
    toolCalls,
  }
}

// Field names of OpenAI-compatible servers. `details` may be signed, so the part names its origin.
function readReasoning(message: JsonReader, origin: string | undefined): ReasoningPart | undefined {
  const given = message.raw('reasoning_content') ?? message.raw('reasoning')
  const text = typeof given === 'string' ? given : ''
  const listed = message.list('reasoning_details') as readonly JsonValue[] | undefined
  const details = listed === undefined || listed.length === 0 ? undefined : listed
  return text === '' && details === undefined ? undefined : { type: 'reasoning', text, details, origin }
}

function readCall(call: JsonReader): ToolCall {
  const called = call.requiredObject('function')
  const id = call.requiredString('id')
  const signature = call.object('extra_content')?.object('google')?.text('thought_signature')
  const signed = signature === undefined ? undefined : { signature }
  return {
    ...signed,
    id,
    name: called?.requiredString('name') ?? '',
    ...readArguments(called?.text('arguments') ?? ''),
  }
}

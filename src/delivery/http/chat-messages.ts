import { parseJson, type JsonValue } from '../../core/json.ts'
import type { FilePart, ReasoningPart, ToolCall, UserPart } from '../../core/message.ts'
import type { MessageInput } from '../../core/request.ts'
import type { JsonReader } from './json-reader.ts'

/** The turns of an OpenAI chat request in neutral words. `origin`: whose sealed thoughts come back. */
export function readChatMessages(body: JsonReader, origin?: string): MessageInput[] {
  const turns = body.objects('messages')
  if (turns === undefined) {
    if (body.raw('messages') === undefined) body.addIssue('messages', 'is missing')
    return []
  }
  if (turns.length === 0) body.addIssue('messages', 'is empty: give at least one user message')
  return turns.flatMap((turn) => readTurn(turn, origin))
}

function readTurn(turn: JsonReader, origin: string | undefined): MessageInput[] {
  const role = turn.requiredString('role')
  switch (role) {
    case 'system':
    case 'developer':
      return [{ role, content: readPlain(turn, 'content') }]
    case 'user':
      return [{ role, content: readUserContent(turn), name: turn.text('name') }]
    case 'assistant':
      return [readAssistant(turn, origin)]
    case 'tool':
      return [{ role, toolCallId: turn.requiredString('tool_call_id'), content: readPlain(turn, 'content') }]
    case 'function':
      turn.addIssue('role', 'functions are called tools today: send tools, tool_calls and role tool')
      return []
    default:
      if (role !== '') turn.addIssue('role', 'takes one of system, developer, user, assistant, tool')
      return []
  }
}

/** Content that is text, or a list of text parts. */
function readPlain(turn: JsonReader, name: string): string {
  if (typeof turn.raw(name) === 'string') return turn.text(name) ?? ''
  const parts = turn.objects(name)
  if (parts === undefined) {
    if (turn.raw(name) === undefined) turn.addIssue(name, 'is missing')
    return ''
  }
  return parts
    .map((part) => {
      if (part.text('type') === 'refusal') return part.text('refusal') ?? ''
      if (part.text('type') !== 'text') part.addIssue('type', 'only text parts are taken in this turn')
      return part.text('text') ?? ''
    })
    .join('\n')
}

function readUserContent(turn: JsonReader): string | UserPart[] {
  if (typeof turn.raw('content') === 'string') return turn.text('content') ?? ''
  const parts = turn.objects('content')
  if (parts === undefined && turn.raw('content') === undefined) turn.addIssue('content', 'is missing')
  return (parts ?? []).flatMap(readUserPart)
}

function readUserPart(part: JsonReader): UserPart[] {
  switch (part.requiredString('type')) {
    case 'text':
      return [{ type: 'text', text: part.text('text') ?? '' }]
    case 'image_url': {
      const image = part.object('image_url')
      const url =
        image === undefined ? (part.addIssue('image_url', 'is missing') ?? '') : readUrl(image, 'url')
      const detail = image?.oneOf('detail', ['low', 'high', 'auto'])
      return [{ type: 'image', url, detail }]
    }
    case 'input_audio': {
      const audio = part.object('input_audio')
      if (audio === undefined) return part.addIssue('input_audio', 'is missing') ?? []
      const mediaType = `audio/${audio.requiredString('format')}`
      return [{ type: 'audio', data: audio.requiredString('data'), mediaType }]
    }
    case 'file': {
      const file = part.object('file')
      return file === undefined ? (part.addIssue('file', 'is missing') ?? []) : [readFile(file, 'file_data')]
    }
    default:
      return part.addIssue('type', 'takes one of text, image_url, input_audio, file') ?? []
  }
}

/** A URL that providers take: of the web, or holding the data itself. */
export function readUrl(fields: JsonReader, name: string): string {
  const url = fields.requiredString(name)
  if (url !== '' && !/^(?:https?:\/\/|data:)/i.test(url))
    fields.addIssue(name, 'takes an http(s) or data URL')
  return url
}

/** A file by id, or by its data: a data URL, or bare base64 of what its name says. */
export function readFile(file: JsonReader, dataName: string): FilePart {
  const data = file.text(dataName)
  const fileId = file.text('file_id')
  const filename = file.text('filename')
  if (data === undefined) {
    if (fileId === undefined) file.addIssue('', `takes ${dataName} or file_id`)
    return { type: 'file', fileId, filename }
  }
  if (data.startsWith('data:')) return { type: 'file', url: data, filename }
  return { type: 'file', data, mediaType: mediaTypeOf(filename), filename }
}

function mediaTypeOf(filename = ''): string {
  const ending = filename.slice(filename.lastIndexOf('.') + 1).toLowerCase()
  return MEDIA_TYPES[ending] ?? 'application/pdf'
}
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  html: 'text/html',
  json: 'application/json',
}

function readAssistant(turn: JsonReader, origin: string | undefined): MessageInput {
  const calls = turn.objects('tool_calls')?.map(readCall)
  if (turn.raw('function_call') !== undefined)
    turn.addIssue('function_call', 'functions are called tools today: send tool_calls')
  const content = turn.raw('content') === undefined ? turn.text('refusal') : readPlain(turn, 'content')
  const thought = readThought(turn, origin)
  const text = content === undefined || content === '' ? [] : [{ type: 'text' as const, text: content }]
  const toolCalls = calls !== undefined && calls.length > 0 ? calls : undefined
  return {
    role: 'assistant',
    content: thought === undefined ? (content ?? '') : [thought, ...text],
    name: turn.text('name'),
    toolCalls,
  }
}

// Under the names that compatible servers use; what is sealed goes back to where it came from.
function readThought(turn: JsonReader, origin: string | undefined): ReasoningPart | undefined {
  const spoken = turn.raw('reasoning_content') ?? turn.raw('reasoning')
  const text = typeof spoken === 'string' ? spoken : ''
  const sealed = turn.list('reasoning_details') as readonly JsonValue[] | undefined
  const details = sealed === undefined || sealed.length === 0 ? undefined : sealed
  return text === '' && details === undefined ? undefined : { type: 'reasoning', text, details, origin }
}

function readCall(call: JsonReader): ToolCall {
  const called = call.object('function')
  if (called === undefined) call.addIssue('function', 'is missing')
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

/** A call's arguments as models write them: JSON text, which need not be valid. */
export function readArguments(text: string): Pick<ToolCall, 'arguments' | 'invalid'> {
  const value = text.trim() === '' ? {} : parseJson(text)
  return value === undefined
    ? { arguments: text, invalid: 'the arguments are not valid JSON' }
    : { arguments: value }
}

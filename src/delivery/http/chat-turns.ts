import { parseJson, type JsonValue } from '../../core/json.ts'
import type { FilePart, ReasoningPart, ToolCall, UserPart } from '../../core/message.ts'
import type { MessageInput } from '../../core/request.ts'
import type { Fields } from './fields.ts'

/** The turns of an OpenAI chat request in neutral words. `origin`: whose sealed thoughts come back. */
export function readChatTurns(body: Fields, origin?: string): MessageInput[] {
  const turns = body.objects('messages')
  if (turns === undefined) {
    if (body.raw('messages') === undefined) body.refuse('messages', 'is missing')
    return []
  }
  if (turns.length === 0) body.refuse('messages', 'is empty: give at least one user message')
  return turns.flatMap((turn) => readTurn(turn, origin))
}

function readTurn(turn: Fields, origin: string | undefined): MessageInput[] {
  const role = turn.neededText('role')
  switch (role) {
    case 'system':
    case 'developer':
      return [{ role, content: readPlain(turn, 'content') }]
    case 'user':
      return [{ role, content: readUserContent(turn), name: turn.text('name') }]
    case 'assistant':
      return [readAssistant(turn, origin)]
    case 'tool':
      return [{ role, toolCallId: turn.neededText('tool_call_id'), content: readPlain(turn, 'content') }]
    case 'function':
      turn.refuse('role', 'functions are called tools today: send tools, tool_calls and role tool')
      return []
    default:
      if (role !== '') turn.refuse('role', 'takes one of system, developer, user, assistant, tool')
      return []
  }
}

/** Content that is text, or a list of text parts. */
function readPlain(turn: Fields, name: string): string {
  if (typeof turn.raw(name) === 'string') return turn.text(name) ?? ''
  const parts = turn.objects(name)
  if (parts === undefined) {
    if (turn.raw(name) === undefined) turn.refuse(name, 'is missing')
    return ''
  }
  return parts
    .map((part) => {
      if (part.text('type') === 'refusal') return part.text('refusal') ?? ''
      if (part.text('type') !== 'text') part.refuse('type', 'only text parts are taken in this turn')
      return part.text('text') ?? ''
    })
    .join('\n')
}

function readUserContent(turn: Fields): string | UserPart[] {
  if (typeof turn.raw('content') === 'string') return turn.text('content') ?? ''
  const parts = turn.objects('content')
  if (parts === undefined && turn.raw('content') === undefined) turn.refuse('content', 'is missing')
  return (parts ?? []).flatMap(readUserPart)
}

function readUserPart(part: Fields): UserPart[] {
  switch (part.neededText('type')) {
    case 'text':
      return [{ type: 'text', text: part.text('text') ?? '' }]
    case 'image_url': {
      const image = part.object('image_url')
      const url = image === undefined ? (part.refuse('image_url', 'is missing') ?? '') : readUrl(image, 'url')
      const detail = image?.oneOf('detail', ['low', 'high', 'auto'])
      return [{ type: 'image', url, detail }]
    }
    case 'input_audio': {
      const audio = part.object('input_audio')
      if (audio === undefined) return part.refuse('input_audio', 'is missing') ?? []
      const mediaType = `audio/${audio.neededText('format')}`
      return [{ type: 'audio', data: audio.neededText('data'), mediaType }]
    }
    case 'file': {
      const file = part.object('file')
      return file === undefined ? (part.refuse('file', 'is missing') ?? []) : [readFile(file, 'file_data')]
    }
    default:
      return part.refuse('type', 'takes one of text, image_url, input_audio, file') ?? []
  }
}

/** A URL that providers take: of the web, or holding the data itself. */
export function readUrl(fields: Fields, name: string): string {
  const url = fields.neededText(name)
  if (url !== '' && !/^(?:https?:\/\/|data:)/i.test(url)) fields.refuse(name, 'takes an http(s) or data URL')
  return url
}

/** A file by id, or by its data: a data URL, or bare base64 of what its name says. */
export function readFile(file: Fields, dataName: string): FilePart {
  const data = file.text(dataName)
  const fileId = file.text('file_id')
  const filename = file.text('filename')
  if (data === undefined) {
    if (fileId === undefined) file.refuse('', `takes ${dataName} or file_id`)
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

function readAssistant(turn: Fields, origin: string | undefined): MessageInput {
  const calls = turn.objects('tool_calls')?.map(readCall)
  if (turn.raw('function_call') !== undefined)
    turn.refuse('function_call', 'functions are called tools today: send tool_calls')
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
function readThought(turn: Fields, origin: string | undefined): ReasoningPart | undefined {
  const spoken = turn.raw('reasoning_content') ?? turn.raw('reasoning')
  const text = typeof spoken === 'string' ? spoken : ''
  const sealed = turn.list('reasoning_details') as readonly JsonValue[] | undefined
  const details = sealed === undefined || sealed.length === 0 ? undefined : sealed
  return text === '' && details === undefined ? undefined : { type: 'reasoning', text, details, origin }
}

function readCall(call: Fields): ToolCall {
  const called = call.object('function')
  if (called === undefined) call.refuse('function', 'is missing')
  const id = call.neededText('id')
  const signature = call.object('extra_content')?.object('google')?.text('thought_signature')
  const signed = signature === undefined ? undefined : { signature }
  return {
    ...signed,
    id,
    name: called?.neededText('name') ?? '',
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

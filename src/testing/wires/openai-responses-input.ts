import { parseJson } from '../../core/json.ts'
import { readDataUrl } from '../../core/message.ts'
import { isGenuine } from '../fake-answer.ts'
import { FakeHttpError } from '../fake-error.ts'
import { turnOf, type ReceivedMedia, type ReceivedToolCall, type ReceivedMessage } from '../request.ts'
import type { Fields } from './fields.ts'

const ROLES = ['user', 'system', 'developer', 'assistant'] as const
const GIVEN = ['input_text', 'input_image', 'input_file', 'input_audio'] as const
const SAID = ['output_text', 'refusal'] as const
// Items that the vendor's own tools make; nothing is read out of them.
const OTHERS =
  /^(item_reference|compaction|program|tool_search|(mcp|computer|local_shell|shell|apply_patch|custom_tool|web_search|file_search|code_interpreter|image_generation)_)/

interface Read {
  readonly system: readonly string[]
  readonly turns: readonly ReceivedMessage[]
}

/** Reads `input`: a text, or a list of items. */
export function readInput(fields: Fields): Read {
  const { input } = fields.value
  if (typeof input === 'string') return { system: [], turns: [turnOf('user', { text: input })] }
  const items = fields.objects('input')
  if (items === undefined) return mayLackInput(fields)
  if (items.length === 0) fields.refuse('input', 'must not be an empty list')
  const calls = new Map<string, ReceivedToolCall>()
  const system: string[] = []
  const turns = items.flatMap((item, index) => {
    const instructions = readInstructions(item)
    if (instructions === undefined) return readItem(item, { calls, next: items[index + 1] })
    system.push(instructions)
    return []
  })
  const open = [...calls.keys()]
  if (open.length > 0) fields.refuse('input', `holds function calls without an output: ${open.join(', ')}`)
  return { system, turns }
}

function mayLackInput(fields: Fields): Read {
  const stored = fields.has('previous_response_id') || fields.has('prompt') || fields.has('conversation')
  return stored ? { system: [], turns: [] } : fields.refuse('input', 'is required')
}

function typeOf(item: Fields): string {
  return item.text('type') ?? (item.has('role') ? 'message' : item.refuse('type', 'is required'))
}

function readInstructions(item: Fields): string | undefined {
  const role = item.text('role')
  if (typeOf(item) !== 'message' || (role !== 'system' && role !== 'developer')) return undefined
  return readMessage(item).text
}

interface Place {
  /** Calls that have no output so far. */
  readonly calls: Map<string, ReceivedToolCall>
  readonly next: Fields | undefined
}

function readItem(item: Fields, { calls, next }: Place): ReceivedMessage[] {
  const type = typeOf(item)
  switch (type) {
    case 'message':
      return [readMessage(item)]
    case 'function_call':
      return [readCall(item, calls)]
    case 'function_call_output':
      return [readOutput(item, calls)]
    case 'reasoning':
      return [readReasoning(item, next)]
    default:
      return OTHERS.test(type) ? [] : item.refuse('type', `is no kind of item: ${type}`)
  }
}

function readMessage(item: Fields): ReceivedMessage {
  const role = item.word('role', ROLES) ?? item.refuse('role', 'is required')
  const seen = role === 'assistant' ? role : 'user'
  const { content } = item.value
  if (typeof content === 'string') return turnOf(seen, { text: content })
  const parts = item.objects('content') ?? item.refuse('content', 'is required')
  return turnOf(seen, readParts(parts, seen === 'assistant' ? SAID : GIVEN))
}

function readParts(
  parts: readonly Fields[],
  known: readonly string[],
): { text: string; media: ReceivedMedia[] } {
  const texts = parts.map((part) => {
    const type = part.word('type', known) ?? part.refuse('type', 'is required')
    if (type === 'refusal') return part.text('refusal') ?? part.refuse('refusal', 'is required')
    return type.endsWith('_text') ? (part.text('text') ?? part.refuse('text', 'is required')) : ''
  })
  return { text: texts.join(''), media: parts.flatMap(readMedia) }
}

function readMedia(part: Fields): ReceivedMedia[] {
  const id = part.text('file_id')
  switch (part.text('type')) {
    case 'input_image':
      return [{ type: 'image', ...(id === undefined ? placeOf(part.required('image_url')) : { url: id }) }]
    case 'input_file': {
      const url = id ?? part.text('file_url')
      return [{ type: 'file', ...(url === undefined ? placeOf(part.required('file_data')) : { url }) }]
    }
    case 'input_audio': {
      const audio = part.object('input_audio') ?? part.refuse('input_audio', 'is required')
      return [{ type: 'audio', data: audio.required('data'), mediaType: `audio/${audio.required('format')}` }]
    }
    default:
      return []
  }
}

function placeOf(url: string): Omit<ReceivedMedia, 'type'> {
  return readDataUrl(url) ?? { url }
}

function readCall(item: Fields, calls: Map<string, ReceivedToolCall>): ReceivedMessage {
  const id = item.required('call_id')
  if (id.length > 64) item.refuse('call_id', `must have at most 64 characters, not ${id.length}`)
  const text = item.text('arguments') ?? item.refuse('arguments', 'is required')
  const call = { id, name: item.required('name'), arguments: parseJson(text) ?? text }
  calls.set(id, call)
  return turnOf('assistant', { toolCalls: [call] })
}

function readOutput(item: Fields, calls: Map<string, ReceivedToolCall>): ReceivedMessage {
  const id = item.required('call_id')
  const call = calls.get(id)
  if (call === undefined) item.refuse('call_id', `answers no function call before it: ${id}`)
  calls.delete(id)
  const { output } = item.value
  if (output === undefined || output === null) item.refuse('output', 'is required')
  const { text, media } =
    typeof output === 'string' ? { text: output, media: [] } : readParts(item.objects('output') ?? [], GIVEN)
  return turnOf('tool', { toolResults: [{ id, name: call?.name, text }], media })
}

// Nothing is kept here, so an id alone leads nowhere; and a thought belongs to what follows it.
function readReasoning(item: Fields, next: Fields | undefined): ReceivedMessage {
  const summary = item.objects('summary') ?? item.refuse('summary', 'is required')
  const content = item.objects('content') ?? []
  const text = [...summary, ...content].map((part) => part.text('text') ?? '').join('')
  const encrypted = item.text('encrypted_content')
  if (encrypted === undefined && content.length === 0)
    throw new FakeHttpError({
      status: 404,
      message: `Item with id '${item.text('id') ?? ''}' was not found.`,
    })
  if (encrypted !== undefined && !isGenuine(text, encrypted))
    item.refuse('encrypted_content', 'could not be verified')
  const led = next !== undefined && typeOf(next) !== 'function_call_output' && next.text('role') !== 'user'
  if (!led) item.refuse('type', "is 'reasoning', but the item that it led to does not follow it")
  return turnOf('assistant', { reasoning: text })
}

import { parseJson } from '../../core/json.ts'
import { isGenuine } from '../fake-answer.ts'
import { FakeHttpError } from '../fake-error.ts'
import {
  messageOf,
  mediaAt,
  type ReceivedToolCall,
  type ReceivedMedia,
  type ReceivedMessage,
} from '../request.ts'
import type { StrictReader } from './strict-reader.ts'

const ROLES = ['user', 'system', 'developer', 'assistant'] as const
const GIVEN = ['input_text', 'input_image', 'input_file', 'input_audio'] as const
const SAID = ['output_text', 'refusal'] as const
// Items of the vendor's own tools, which are accepted and skipped.
const OTHERS =
  /^(item_reference|compaction|program|tool_search|(mcp|computer|local_shell|shell|apply_patch|custom_tool|web_search|file_search|code_interpreter|image_generation)_)/

interface Read {
  readonly system: readonly string[]
  readonly turns: readonly ReceivedMessage[]
}

/** Reads `input`: a string, or a list of items. */
export function readInput(fields: StrictReader): Read {
  const { input } = fields.value
  if (typeof input === 'string') return { system: [], turns: [messageOf('user', { text: input })] }
  const items = fields.objects('input')
  if (items === undefined) return mayLackInput(fields)
  if (items.length === 0) fields.reject('input', 'must not be an empty list')
  const calls = new Map<string, ReceivedToolCall>()
  const system: string[] = []
  const turns = items.flatMap((item, index) => {
    const instructions = readInstructions(item)
    if (instructions === undefined) return readItem(item, { calls, next: items[index + 1] })
    system.push(instructions)
    return []
  })
  const open = [...calls.keys()]
  if (open.length > 0) fields.reject('input', `holds function calls without an output: ${open.join(', ')}`)
  return { system, turns }
}

function mayLackInput(fields: StrictReader): Read {
  const stored = fields.has('previous_response_id') || fields.has('prompt') || fields.has('conversation')
  return stored ? { system: [], turns: [] } : fields.reject('input', 'is required')
}

function typeOf(item: StrictReader): string {
  return item.text('type') ?? (item.has('role') ? 'message' : item.reject('type', 'is required'))
}

function readInstructions(item: StrictReader): string | undefined {
  const role = item.text('role')
  if (typeOf(item) !== 'message' || (role !== 'system' && role !== 'developer')) return undefined
  return readMessage(item).text
}

interface Place {
  /** Calls without an output so far. */
  readonly calls: Map<string, ReceivedToolCall>
  readonly next: StrictReader | undefined
}

function readItem(item: StrictReader, { calls, next }: Place): ReceivedMessage[] {
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
      return OTHERS.test(type) ? [] : item.reject('type', `is no kind of item: ${type}`)
  }
}

function readMessage(item: StrictReader): ReceivedMessage {
  const role = item.oneOf('role', ROLES) ?? item.reject('role', 'is required')
  const seen = role === 'assistant' ? role : 'user'
  const { content } = item.value
  if (typeof content === 'string') return messageOf(seen, { text: content })
  const parts = item.requiredObjects('content')
  return messageOf(seen, readParts(parts, seen === 'assistant' ? SAID : GIVEN))
}

function readParts(
  parts: readonly StrictReader[],
  known: readonly string[],
): { text: string; media: ReceivedMedia[] } {
  const texts = parts.map((part) => {
    const type = part.oneOf('type', known) ?? part.reject('type', 'is required')
    if (type === 'refusal') return part.text('refusal') ?? part.reject('refusal', 'is required')
    return type.endsWith('_text') ? (part.text('text') ?? part.reject('text', 'is required')) : ''
  })
  return { text: texts.join(''), media: parts.flatMap(readMedia) }
}

function readMedia(part: StrictReader): ReceivedMedia[] {
  const id = part.text('file_id')
  switch (part.text('type')) {
    case 'input_image':
      return [
        { type: 'image', ...(id === undefined ? mediaAt(part.requiredString('image_url')) : { url: id }) },
      ]
    case 'input_file': {
      const url = id ?? part.text('file_url')
      return [{ type: 'file', ...(url === undefined ? mediaAt(part.requiredString('file_data')) : { url }) }]
    }
    case 'input_audio': {
      const audio = part.requiredObject('input_audio')
      return [
        {
          type: 'audio',
          data: audio.requiredString('data'),
          mediaType: `audio/${audio.requiredString('format')}`,
        },
      ]
    }
    default:
      return []
  }
}

function readCall(item: StrictReader, calls: Map<string, ReceivedToolCall>): ReceivedMessage {
  const id = item.requiredString('call_id')
  if (id.length > 64) item.reject('call_id', `must have at most 64 characters, not ${id.length}`)
  const text = item.text('arguments') ?? item.reject('arguments', 'is required')
  const call = { id, name: item.requiredString('name'), arguments: parseJson(text) ?? text }
  calls.set(id, call)
  return messageOf('assistant', { toolCalls: [call] })
}

function readOutput(item: StrictReader, calls: Map<string, ReceivedToolCall>): ReceivedMessage {
  const id = item.requiredString('call_id')
  const call = calls.get(id)
  if (call === undefined) item.reject('call_id', `answers no function call before it: ${id}`)
  calls.delete(id)
  const { output } = item.value
  if (output === undefined || output === null) item.reject('output', 'is required')
  const { text, media } =
    typeof output === 'string' ? { text: output, media: [] } : readParts(item.objects('output') ?? [], GIVEN)
  return messageOf('tool', { toolResults: [{ id, name: call?.name, text }], media })
}

// The fake stores nothing, so an id alone is not found. Reasoning must precede the item that it led to.
function readReasoning(item: StrictReader, next: StrictReader | undefined): ReceivedMessage {
  const summary = item.requiredObjects('summary')
  const content = item.objects('content') ?? []
  const text = [...summary, ...content].map((part) => part.text('text') ?? '').join('')
  const encrypted = item.text('encrypted_content')
  if (encrypted === undefined && content.length === 0)
    throw new FakeHttpError({
      status: 404,
      message: `Item with id '${item.text('id') ?? ''}' was not found.`,
    })
  if (encrypted !== undefined && !isGenuine(text, encrypted))
    item.reject('encrypted_content', 'could not be verified')
  const led = next !== undefined && typeOf(next) !== 'function_call_output' && next.text('role') !== 'user'
  if (!led) item.reject('type', "is 'reasoning', but the item that it led to does not follow it")
  return messageOf('assistant', { reasoning: text })
}

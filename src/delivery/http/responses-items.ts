import type { AssistantPart, ToolResultPart, UserPart } from '../../core/message.ts'
import type { MessageInput } from '../../core/request.ts'
import { readArguments, readFile, readUrl } from './chat-messages.ts'
import type { JsonReader } from './json-reader.ts'

/** The input of `/v1/responses` in neutral turns: a text, or items. Calls and thoughts join the assistant's turn. */
export function readInput(body: JsonReader, origin: string | undefined): MessageInput[] {
  if (typeof body.raw('input') === 'string') return [{ role: 'user', content: body.text('input') ?? '' }]
  const items = body.objects('input')
  if (items === undefined) {
    if (body.raw('input') === undefined) body.addIssue('input', 'is missing')
    return []
  }
  if (items.length === 0) body.addIssue('input', 'is empty: give at least one user message')
  return joinAssistant(items.flatMap((item) => readItem(item, origin)))
}

type PartTurn = { readonly role: 'assistant'; readonly content: readonly AssistantPart[] }
type Turn = MessageInput | PartTurn

function readItem(item: JsonReader, origin: string | undefined): Turn[] {
  switch (item.text('type') ?? 'message') {
    case 'message':
      return readMessage(item)
    case 'function_call': {
      const id = item.requiredString('call_id')
      const read = readArguments(item.text('arguments') ?? '')
      return [assistant({ type: 'tool-call', id, name: item.requiredString('name'), ...read })]
    }
    case 'function_call_output':
      return [{ role: 'tool', toolCallId: item.requiredString('call_id'), content: readOutput(item) }]
    case 'reasoning': {
      const text = [...textsOf(item, 'summary'), ...textsOf(item, 'content')].join('\n\n')
      const encrypted = item.text('encrypted_content')
      return [assistant({ type: 'reasoning', text, encrypted, id: item.text('id'), origin })]
    }
    case 'item_reference':
      return item.addIssue('', 'nothing is stored here: send the item itself') ?? []
    default:
      return item.addIssue('type', 'is an item that is not served here') ?? []
  }
}

function textsOf(item: JsonReader, name: string): string[] {
  return item.objects(name)?.map((part) => part.text('text') ?? '') ?? []
}

const assistant = (...content: AssistantPart[]): PartTurn => ({ role: 'assistant', content })

function readMessage(item: JsonReader): Turn[] {
  const role = item.oneOf('role', ['user', 'assistant', 'system', 'developer'])
  if (role === undefined)
    return item.raw('role') === undefined ? (item.addIssue('role', 'is missing') ?? []) : []
  if (role === 'user') return [{ role, content: readContent(item) }]
  const text =
    typeof item.raw('content') === 'string' ? (item.text('content') ?? '') : readTexts(item).join('\n')
  return role === 'assistant' ? [assistant({ type: 'text', text })] : [{ role, content: text }]
}

function readTexts(item: JsonReader): string[] {
  return (item.objects('content') ?? []).map((part) => {
    const type = part.text('type')
    if (type === 'refusal') return part.text('refusal') ?? ''
    if (type !== 'input_text' && type !== 'output_text' && type !== 'text')
      part.addIssue('type', 'only text is taken in this turn')
    return part.text('text') ?? ''
  })
}

function readContent(item: JsonReader): string | UserPart[] {
  if (typeof item.raw('content') === 'string') return item.text('content') ?? ''
  const parts = item.objects('content')
  if (parts === undefined && item.raw('content') === undefined) item.addIssue('content', 'is missing')
  return (parts ?? []).flatMap(readPart)
}

function readPart(part: JsonReader): UserPart[] {
  switch (part.requiredString('type')) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return [{ type: 'text', text: part.text('text') ?? '' }]
    case 'input_image': {
      if (part.raw('file_id') !== undefined)
        return part.addIssue('file_id', 'images are taken by image_url here') ?? []
      const detail = part.oneOf('detail', ['low', 'high', 'auto', 'original'])
      const known = detail === 'original' ? 'high' : detail
      return [{ type: 'image', url: readUrl(part, 'image_url'), detail: known }]
    }
    case 'input_file': {
      if (part.raw('file_url') === undefined) return [readFile(part, 'file_data')]
      return [{ type: 'file', url: readUrl(part, 'file_url'), filename: part.text('filename') }]
    }
    case 'input_audio': {
      const audio = part.object('input_audio') ?? part
      const mediaType = `audio/${audio.requiredString('format')}`
      return [{ type: 'audio', data: audio.requiredString('data'), mediaType }]
    }
    default:
      return part.addIssue('type', 'takes one of input_text, input_image, input_file') ?? []
  }
}

function readOutput(item: JsonReader): string | ToolResultPart[] {
  if (typeof item.raw('output') === 'string') return item.text('output') ?? ''
  const parts = item.objects('output')
  if (parts === undefined && item.raw('output') === undefined) item.addIssue('output', 'is missing')
  return (parts ?? []).flatMap(readPart).filter((part) => part.type !== 'audio')
}

// A turn of the assistant comes in several items: one for each text, call and thought.
function joinAssistant(turns: readonly Turn[]): MessageInput[] {
  const joined: MessageInput[] = []
  let open: AssistantPart[] | undefined
  for (const turn of turns) {
    if (!isParts(turn)) {
      open = undefined
      joined.push(turn)
    } else if (open === undefined) {
      open = [...turn.content]
      joined.push({ role: 'assistant', content: open })
    } else open.push(...turn.content)
  }
  return joined
}

function isParts(turn: Turn): turn is PartTurn {
  return turn.role === 'assistant' && Array.isArray(turn.content)
}

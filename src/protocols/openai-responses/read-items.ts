import { readArguments, type AssistantPart, type ToolResultPart, type UserPart } from '../../core/message.ts'
import type { MessageInput } from '../../core/request.ts'
import type { ContentPaths } from '../content-paths.ts'
import type { JsonReader } from '../json-reader.ts'
import { readAudio, readFile, readUrl } from '../read-parts.ts'

/**
 * Reads `input`, and notes where: a string, or items. Neighbouring items of the assistant become one message. `origin` is the dialect id
 * that encrypted reasoning in the history is bound to.
 */
export function readInput(body: JsonReader, paths: ContentPaths, origin: string | undefined): MessageInput[] {
  const input = body.raw('input')
  if (typeof input === 'string') return [paths.note({ role: 'user', content: input }, 'input')]
  const items = body.requiredObjects('input')
  if (body.list('input')?.length === 0) body.addIssue('input', 'is empty: add at least one user message')
  return joinAssistant(
    items.flatMap((item) => noted(item, readItem(item, origin), paths)),
    paths,
  )
}

function noted(item: JsonReader, made: readonly Item[], paths: ContentPaths): readonly Item[] {
  const { role } = made[0] ?? {}
  const field = role === 'tool' ? 'output' : 'content'
  for (const message of made) {
    paths.note(message, item.at(field))
    // Each part of the assistant is an item of its own.
    if (isAssistantItem(message)) for (const part of message.content) paths.note(part, item.at(''))
  }
  return made
}

type AssistantItem = { readonly role: 'assistant'; readonly content: readonly AssistantPart[] }
type Item = MessageInput | AssistantItem

function readItem(item: JsonReader, origin: string | undefined): Item[] {
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
      return item.addIssue('', 'refers to a stored item, but this server stores none; send the item') ?? []
    default:
      return item.addIssue('type', 'is a kind of item that this server does not support') ?? []
  }
}

function textsOf(item: JsonReader, name: string): string[] {
  return item.objects(name)?.map((part) => part.text('text') ?? '') ?? []
}

const assistant = (...content: AssistantPart[]): AssistantItem => ({ role: 'assistant', content })

function readMessage(item: JsonReader): Item[] {
  if (!item.has('role')) item.addIssue('role', 'is required')
  const role = item.oneOf('role', ['user', 'assistant', 'system', 'developer'])
  if (role === undefined) return []
  const content = item.raw('content')
  if (role === 'user')
    return [{ role, content: typeof content === 'string' ? content : readParts(item, 'content') }]
  const text = typeof content === 'string' ? content : readTexts(item).join('\n')
  return role === 'assistant'
    ? [assistant({ type: 'text', text, phase: item.text('phase') })]
    : [{ role, content: text }]
}

function readTexts(item: JsonReader): string[] {
  return (item.objects('content') ?? []).map((part) => {
    const type = part.text('type')
    if (type === 'refusal') return part.text('refusal') ?? ''
    if (type !== 'input_text' && type !== 'output_text' && type !== 'text')
      part.addIssue('type', 'must be text in a message of this role')
    return part.text('text') ?? ''
  })
}

function readParts(item: JsonReader, name: string): UserPart[] {
  return item.requiredObjects(name).flatMap(readPart)
}

function readPart(part: JsonReader): UserPart[] {
  switch (part.requiredString('type')) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return [{ type: 'text', text: part.text('text') ?? '' }]
    case 'input_image': {
      if (part.has('file_id'))
        return part.addIssue('file_id', 'is not supported for images; send image_url') ?? []
      const detail = part.oneOf('detail', ['low', 'high', 'auto', 'original'])
      const known = detail === 'original' ? 'high' : detail
      return [{ type: 'image', url: readUrl(part, 'image_url'), detail: known }]
    }
    case 'input_file': {
      if (!part.has('file_url')) return [readFile(part)]
      return [{ type: 'file', url: readUrl(part, 'file_url'), filename: part.text('filename') }]
    }
    case 'input_audio':
      return [readAudio(part.object('input_audio') ?? part)]
    default:
      return part.addIssue('type', 'must be one of input_text, input_image, input_file, input_audio') ?? []
  }
}

function readOutput(item: JsonReader): string | ToolResultPart[] {
  const output = item.raw('output')
  if (typeof output === 'string') return output
  return readParts(item, 'output').filter((part) => part.type !== 'audio')
}

// The assistant's message comes in several items: one for each text, call and reasoning.
function joinAssistant(items: readonly Item[], paths: ContentPaths): MessageInput[] {
  const joined: MessageInput[] = []
  let open: AssistantPart[] | undefined
  for (const item of items) {
    if (!isAssistantItem(item)) {
      open = undefined
      joined.push(item)
    } else if (open === undefined) {
      open = [...item.content]
      joined.push(paths.joined(item, { role: 'assistant', content: open }))
    } else open.push(...item.content)
  }
  return joined
}

function isAssistantItem(item: Item): item is AssistantItem {
  return item.role === 'assistant' && Array.isArray(item.content)
}

import { isObject } from '../../core/json.ts'
import { isGenuine } from '../fake-answer.ts'
import {
  turnOf,
  type ReceivedMedia,
  type ReceivedToolCall,
  type ReceivedToolResult,
  type ReceivedMessage,
} from '../request.ts'
import type { Fields } from './fields.ts'

const BLOCKS = {
  user: [
    'text',
    'image',
    'document',
    'video',
    'audio',
    'toolResult',
    'guardContent',
    'cachePoint',
    'searchResult',
  ],
  assistant: ['text', 'toolUse', 'toolResult', 'reasoningContent', 'citationsContent', 'cachePoint', 'image'],
} as const
type Block = (typeof BLOCKS)['user' | 'assistant'][number]

const FORMATS: Readonly<Record<'image' | 'document' | 'video' | 'audio', readonly string[]>> = {
  image: ['png', 'jpeg', 'gif', 'webp'],
  document: ['pdf', 'csv', 'doc', 'docx', 'xls', 'xlsx', 'html', 'txt', 'md'],
  video: ['mkv', 'mov', 'mp4', 'webm', 'flv', 'mpeg', 'mpg', 'wmv', 'three_gp'],
  audio: ['mp3', 'opus', 'wav', 'aac', 'flac', 'mp4', 'ogg', 'mkv', 'mka', 'm4a', 'mpeg', 'webm', 'pcm'],
}

/** What stays the same over all blocks of a request. */
interface Context {
  readonly model: string
  readonly calls: Map<string, string>
  readonly documents: Set<string>
}

/** The messages in neutral words. What a single block may not hold is refused. */
export function readTurns(messages: readonly Fields[], model: string): ReceivedMessage[] {
  const context: Context = { model, calls: new Map(), documents: new Set() }
  return messages.flatMap((message) => {
    const role = message.word('role', ['user', 'assistant']) ?? message.refuse('role', 'is required')
    const blocks = message.objects('content') ?? message.refuse('content', 'is required')
    if (blocks.length === 0) message.refuse('content', 'is empty. Add a ContentBlock object to it')
    const documents = blocks.some((block) => block.has('document'))
    if (documents && !blocks.some((block) => block.has('text')))
      message.refuse('content', 'a text block is needed beside a document')
    return blocks.map((block) => readBlock(block, role, context))
  })
}

function readBlock(block: Fields, role: 'user' | 'assistant', context: Context): ReceivedMessage {
  const names = Object.keys(block.value).filter((name) => block.has(name))
  const type = BLOCKS[role].find((name): name is Block => name === names[0])
  if (names.length !== 1 || type === undefined)
    return block.refuse(names[0] ?? '', `a block of role ${role} holds one of ${BLOCKS[role].join(', ')}`)
  switch (type) {
    case 'text':
      return turnOf(role, { text: readText(block) })
    case 'image':
    case 'document':
    case 'video':
    case 'audio':
      return turnOf(role, { media: [readMedia(block, type, context)] })
    case 'toolUse':
      return turnOf(role, { toolCalls: readCall(block, context) })
    case 'toolResult':
      return turnOf('tool', { toolResults: [readResult(block, context)] })
    case 'reasoningContent':
      return turnOf(role, { reasoning: readThought(block, context) })
    case 'citationsContent':
      return turnOf(role, { text: (block.object(type)?.objects('content') ?? []).map(readText).join('') })
    default:
      return turnOf(role, {})
  }
}

function readText(block: Fields): string {
  const text = block.text('text') ?? block.refuse('text', 'is required')
  return text.trim() === '' ? block.refuse('text', 'is blank. Add text to the text field') : text
}

function readMedia(block: Fields, type: keyof typeof FORMATS, { documents }: Context): ReceivedMedia {
  const media = block.object(type) ?? block.refuse(type, 'is required')
  media.required('format')
  const format = media.word('format', FORMATS[type])
  const source = media.object('source') ?? media.refuse('source', 'is required')
  if (type === 'document') checkName(media, documents)
  const url = source.object('s3Location')?.required('uri')
  const data = source.text('bytes')
  if (url === undefined && data === undefined && !source.has('text') && !source.has('content'))
    source.refuse('bytes', 'is required')
  return {
    type: type === 'image' || type === 'audio' ? type : 'file',
    mediaType: typeOf(type, format),
    data,
    url,
  }
}

function checkName(document: Fields, documents: Set<string>): void {
  const name = document.required('name')
  if (!/^(?!.*\s\s)[A-Za-z0-9\s()[\]-]{1,200}$/.test(name))
    document.refuse('name', 'takes letters, digits, single white space, - and brackets')
  if (documents.has(name)) document.refuse('name', 'document names must be unique')
  documents.add(name)
}

function typeOf(type: keyof typeof FORMATS, format: string | undefined): string | undefined {
  if (type !== 'document') return `${type}/${format}`
  return format === 'pdf' ? 'application/pdf' : undefined
}

// What the vendor ran itself is no call that waits for a result.
function readCall(block: Fields, { model, calls }: Context): ReceivedToolCall[] {
  const use = block.object('toolUse') ?? block.refuse('toolUse', 'is required')
  const id = use.required('toolUseId')
  const allowed = model.includes('moonshot') ? /^[A-Za-z0-9_.:-]{1,64}$/ : /^[A-Za-z0-9_-]{1,64}$/
  if (!allowed.test(id)) use.refuse('toolUseId', 'takes 1 to 64 of letters, digits, _ and -')
  const name = use.required('name')
  if (!isObject(use.value['input'])) use.refuse('input', 'must be an object')
  calls.set(id, name)
  if (use.text('type') === 'server_tool_use') return []
  return [{ id, name, arguments: use.value['input'] ?? {} }]
}

function readResult(block: Fields, context: Context): ReceivedToolResult {
  const result = block.object('toolResult') ?? block.refuse('toolResult', 'is required')
  const id = result.required('toolUseId')
  const parts = result.objects('content') ?? result.refuse('content', 'is required')
  const texts = parts.map((part) => {
    if (part.has('text')) return readText(part)
    if (part.has('json')) return JSON.stringify(part.value['json'])
    const type = (['image', 'document', 'video'] as const).find((name) => part.has(name))
    if (type === undefined) return part.refuse('', 'a block of a tool result holds text, json or media')
    readMedia(part, type, context)
    return ''
  })
  const failed = result.word('status', ['success', 'error']) === 'error'
  return { id, name: context.calls.get(id), text: texts.join(''), ...(failed && { isError: true }) }
}

function readThought(block: Fields, { model }: Context): string {
  const thought = block.object('reasoningContent') ?? block.refuse('reasoningContent', 'is required')
  if (thought.has('redactedContent')) return ''
  const shown = thought.object('reasoningText') ?? thought.refuse('reasoningText', 'is required')
  const text = shown.text('text') ?? shown.refuse('text', 'is required')
  const signature = shown.text('signature') ?? ''
  const signed = signature !== '' || !model.includes('anthropic')
  if (!signed || !isGenuine(text, signature))
    shown.refuse('signature', 'is not the signature of this thought')
  return text
}

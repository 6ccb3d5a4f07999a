import { isObject } from '../../core/json.ts'
import { isGenuine } from '../fake-answer.ts'
import {
  messageOf,
  type ReceivedToolCall,
  type ReceivedToolResult,
  type ReceivedMedia,
  type ReceivedMessage,
} from '../request.ts'
import type { StrictReader } from './strict-reader.ts'

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

/** State shared by all blocks of a request. */
interface Context {
  readonly model: string
  readonly calls: Map<string, string>
  readonly documents: Set<string>
}

/** Reads the messages, and checks each block by itself. */
export function readMessages(messages: readonly StrictReader[], model: string): ReceivedMessage[][] {
  const context: Context = { model, calls: new Map(), documents: new Set() }
  return messages.map((message) => {
    const role = message.oneOf('role', ['user', 'assistant']) ?? message.reject('role', 'is required')
    const blocks = message.requiredObjects('content')
    if (blocks.length === 0) message.reject('content', 'is empty. Add a ContentBlock object to it')
    const documents = blocks.some((block) => block.has('document'))
    if (documents && !blocks.some((block) => block.has('text')))
      message.reject('content', 'a text block is needed beside a document')
    return blocks.map((block) => readBlock(block, role, context))
  })
}

function readBlock(block: StrictReader, role: 'user' | 'assistant', context: Context): ReceivedMessage {
  const names = Object.keys(block.value).filter((name) => block.has(name))
  const type = BLOCKS[role].find((name): name is Block => name === names[0])
  if (names.length !== 1 || type === undefined)
    return block.reject(names[0] ?? '', `a block of role ${role} holds one of ${BLOCKS[role].join(', ')}`)
  switch (type) {
    case 'text':
      return messageOf(role, { text: readText(block) })
    case 'image':
    case 'document':
    case 'video':
    case 'audio':
      return messageOf(role, { media: [readMedia(block, type, context)] })
    case 'toolUse':
      return messageOf(role, { toolCalls: readCall(block, context) })
    case 'toolResult':
      return messageOf('tool', { toolResults: [readResult(block, context)] })
    case 'reasoningContent':
      return messageOf(role, { reasoning: readReasoning(block, context) })
    case 'citationsContent':
      return messageOf(role, { text: (block.object(type)?.objects('content') ?? []).map(readText).join('') })
    default:
      return messageOf(role, {})
  }
}

function readText(block: StrictReader): string {
  const text = block.text('text') ?? block.reject('text', 'is required')
  return text.trim() === '' ? block.reject('text', 'is blank. Add text to the text field') : text
}

function readMedia(block: StrictReader, type: keyof typeof FORMATS, { documents }: Context): ReceivedMedia {
  const media = block.requiredObject(type)
  media.requiredString('format')
  const format = media.oneOf('format', FORMATS[type])
  const source = media.requiredObject('source')
  if (type === 'document') checkName(media, documents)
  const url = source.object('s3Location')?.requiredString('uri')
  const data = source.text('bytes')
  if (url === undefined && data === undefined && !source.has('text') && !source.has('content'))
    source.reject('bytes', 'is required')
  return {
    type: type === 'image' || type === 'audio' ? type : 'file',
    mediaType: typeOf(type, format),
    data,
    url,
  }
}

function checkName(document: StrictReader, documents: Set<string>): void {
  const name = document.requiredString('name')
  if (!/^(?!.*\s\s)[A-Za-z0-9\s()[\]-]{1,200}$/.test(name))
    document.reject('name', 'takes letters, digits, single white space, - and brackets')
  if (documents.has(name)) document.reject('name', 'document names must be unique')
  documents.add(name)
}

function typeOf(type: keyof typeof FORMATS, format: string | undefined): string | undefined {
  if (type !== 'document') return `${type}/${format}`
  return format === 'pdf' ? 'application/pdf' : undefined
}

// A call that the vendor ran itself waits for no result.
function readCall(block: StrictReader, { model, calls }: Context): ReceivedToolCall[] {
  const use = block.requiredObject('toolUse')
  const id = use.requiredString('toolUseId')
  const allowed = model.includes('moonshot') ? /^[A-Za-z0-9_.:-]{1,64}$/ : /^[A-Za-z0-9_-]{1,64}$/
  if (!allowed.test(id)) use.reject('toolUseId', 'takes 1 to 64 of letters, digits, _ and -')
  const name = use.requiredString('name')
  if (!isObject(use.value['input'])) use.reject('input', 'must be an object')
  calls.set(id, name)
  if (use.text('type') === 'server_tool_use') return []
  return [{ id, name, arguments: use.value['input'] ?? {} }]
}

function readResult(block: StrictReader, context: Context): ReceivedToolResult {
  const result = block.requiredObject('toolResult')
  const id = result.requiredString('toolUseId')
  const parts = result.requiredObjects('content')
  const texts = parts.map((part) => {
    if (part.has('text')) return readText(part)
    if (part.has('json')) return JSON.stringify(part.value['json'])
    const type = (['image', 'document', 'video'] as const).find((name) => part.has(name))
    if (type === undefined) return part.reject('', 'a block of a tool result holds text, json or media')
    readMedia(part, type, context)
    return ''
  })
  const failed = result.oneOf('status', ['success', 'error']) === 'error'
  return { id, name: context.calls.get(id), text: texts.join(''), ...(failed && { isError: true }) }
}

function readReasoning(block: StrictReader, { model }: Context): string {
  const thought = block.requiredObject('reasoningContent')
  if (thought.has('redactedContent')) return ''
  const shown = thought.requiredObject('reasoningText')
  const text = shown.text('text') ?? shown.reject('text', 'is required')
  const signature = shown.text('signature') ?? ''
  const signed = signature !== '' || !model.includes('anthropic')
  if (!signed || !isGenuine(text, signature))
    shown.reject('signature', 'is not the signature of this reasoning')
  return text
}

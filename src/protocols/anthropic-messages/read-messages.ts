import type { JsonValue } from '../../core/json.ts'
import type {
  AssistantPart,
  FilePart,
  ImagePart,
  TextPart,
  ToolResultPart,
  UserPart,
} from '../../core/message.ts'
import type { MessageInput } from '../../core/request.ts'
import type { ContentPaths } from '../content-paths.ts'
import type { JsonReader } from '../json-reader.ts'
import { joinTexts, readMark } from '../read-cache.ts'
import { readUrl } from '../read-parts.ts'

/**
 * Reads `messages`, and notes where. A tool result becomes a message of its own. `origin` is the dialect id that signed reasoning in the
 * history is bound to.
 */
export function readMessages(
  body: JsonReader,
  paths: ContentPaths,
  origin: string | undefined,
): MessageInput[] {
  const messages = body.requiredObjects('messages')
  if (body.list('messages')?.length === 0)
    body.addIssue('messages', 'is empty: add at least one user message')
  return messages.flatMap((message) => readMessage(message, paths, origin))
}

function readMessage(message: JsonReader, paths: ContentPaths, origin: string | undefined): MessageInput[] {
  const noted = (made: MessageInput): MessageInput => paths.note(made, message.at('content'))
  if (!message.has('role')) message.addIssue('role', 'is required')
  const role = message.oneOf('role', ['user', 'assistant', 'system'])
  if (role === undefined) return []
  const content = message.raw('content')
  if (typeof content === 'string') return [noted({ role, content })]
  const blocks = message.requiredObjects('content')
  if (message.list('content') === undefined) return []
  if (role === 'system') return [noted({ role, content: textOfBlocks(blocks) })]
  if (role === 'assistant')
    return [noted({ role, content: blocks.flatMap((block) => readAssistantBlock(block, origin)) })]
  return readUserBlocks(blocks, paths, noted)
}

/** Reads `system`: a string, or text blocks. */
export function readSystem(body: JsonReader): string | readonly TextPart[] | undefined {
  const whole = body.raw('system')
  if (whole === undefined || typeof whole === 'string') return whole
  return textOfBlocks(body.objects('system') ?? [])
}

function textOfBlocks(blocks: readonly JsonReader[]): string | readonly TextPart[] {
  return joinTexts(blocks.map(readTextBlock))
}

function readTextBlock(block: JsonReader): TextPart {
  return { type: 'text', text: block.text('text') ?? '', ...readMark(block) }
}

function readUserBlocks(
  blocks: readonly JsonReader[],
  paths: ContentPaths,
  noted: (made: MessageInput) => MessageInput,
): MessageInput[] {
  const results: MessageInput[] = []
  const parts: UserPart[] = []
  for (const block of blocks) {
    if (block.text('type') === 'tool_result') results.push(paths.note(readResult(block), block.at('content')))
    else parts.push(...readUserBlock(block).map((part) => paths.note(part, block.at(''))))
  }
  return parts.length === 0 ? results : [...results, noted({ role: 'user', content: parts })]
}

function readUserBlock(block: JsonReader): (UserPart & ToolResultPart)[] {
  switch (block.requiredString('type')) {
    case 'text':
      return [readTextBlock(block)]
    case 'image':
      return readSource(block, 'image')
    case 'document':
      return readSource(block, 'file')
    default:
      return block.addIssue('type', 'must be one of text, image, document, tool_result') ?? []
  }
}

function readSource(block: JsonReader, type: 'image' | 'file'): (ImagePart | FilePart)[] {
  const source = block.requiredObject('source')
  if (source === undefined) return []
  const filename = type === 'file' ? block.text('title') : undefined
  const named = { ...(filename === undefined ? undefined : { filename }), ...readMark(block) }
  switch (source.requiredString('type')) {
    case 'base64': {
      const mediaType = source.requiredString('media_type')
      return [{ type, data: source.requiredString('data'), mediaType, ...named }]
    }
    case 'url':
      return [{ type, url: readUrl(source, 'url'), ...named }]
    case 'text': {
      const url = `data:text/plain,${encodeURIComponent((source.text('data') ?? '').toWellFormed())}`
      return [{ type: 'file', url, ...named }]
    }
    case 'file':
      return [{ type: 'file', fileId: source.requiredString('file_id'), ...named }]
    default:
      return source.addIssue('type', 'must be one of base64, url, text, file') ?? []
  }
}

function readResult(block: JsonReader): MessageInput {
  const toolCallId = block.requiredString('tool_use_id')
  const isError = block.flag('is_error')
  const mark = readMark(block)
  const whole = block.raw('content')
  if (whole === undefined || typeof whole === 'string')
    return { role: 'tool', toolCallId, isError, content: whole ?? '', ...mark }
  const parts = (block.objects('content') ?? []).flatMap(readUserBlock)
  return { role: 'tool', toolCallId, isError, content: parts.length === 0 ? '' : parts, ...mark }
}

function readAssistantBlock(block: JsonReader, origin: string | undefined): AssistantPart[] {
  switch (block.requiredString('type')) {
    case 'text':
      return [readTextBlock(block)]
    case 'tool_use': {
      const id = block.requiredString('id')
      const input = (block.raw('input') ?? {}) as JsonValue
      return [{ type: 'tool-call', id, name: block.requiredString('name'), arguments: input }]
    }
    case 'thinking': {
      const signature = block.text('signature')
      return [{ type: 'reasoning', text: block.text('thinking') ?? '', signature, origin }]
    }
    case 'redacted_thinking':
      return [{ type: 'reasoning', text: '', encrypted: block.text('data'), origin }]
    default:
      return block.addIssue('type', 'must be one of text, tool_use, thinking, redacted_thinking') ?? []
  }
}

import type { AssistantPart, FilePart, ImagePart, ToolResultPart, UserPart } from '../../core/message.ts'
import type { JsonValue } from '../../core/json.ts'
import type { MessageInput } from '../../core/request.ts'
import { readUrl } from './chat-messages.ts'
import type { JsonReader } from './json-reader.ts'

/** The turns of an Anthropic request in neutral words: tool results become turns of their own. */
export function readAnthropicMessages(body: JsonReader, origin: string | undefined): MessageInput[] {
  const turns = body.objects('messages')
  if (turns === undefined) {
    if (body.raw('messages') === undefined) body.addIssue('messages', 'is missing')
    return []
  }
  if (turns.length === 0) body.addIssue('messages', 'is empty: give at least one user message')
  return turns.flatMap((turn) => readTurn(turn, origin))
}

function readTurn(turn: JsonReader, origin: string | undefined): MessageInput[] {
  const role = turn.oneOf('role', ['user', 'assistant', 'system'])
  if (role === undefined)
    return turn.raw('role') === undefined ? (turn.addIssue('role', 'is missing') ?? []) : []
  const whole = turn.raw('content')
  if (typeof whole === 'string') return [{ role, content: whole }]
  const blocks = turn.objects('content')
  if (blocks === undefined) {
    if (whole === undefined) turn.addIssue('content', 'is missing')
    return []
  }
  if (role === 'system') return [{ role, content: textOfBlocks(blocks) }]
  if (role === 'assistant')
    return [{ role, content: blocks.flatMap((block) => readAnswerBlock(block, origin)) }]
  return readUserBlocks(blocks)
}

/** `system`: a text, or text blocks. */
export function readSystem(body: JsonReader): string | undefined {
  const whole = body.raw('system')
  if (whole === undefined || typeof whole === 'string') return body.text('system')
  return textOfBlocks(body.objects('system') ?? [])
}

function textOfBlocks(blocks: readonly JsonReader[]): string {
  return blocks.map((block) => block.text('text') ?? '').join('\n')
}

function readUserBlocks(blocks: readonly JsonReader[]): MessageInput[] {
  const results: MessageInput[] = []
  const parts: UserPart[] = []
  for (const block of blocks) {
    if (block.text('type') === 'tool_result') results.push(readResult(block))
    else parts.push(...readUserBlock(block))
  }
  return parts.length === 0 ? results : [...results, { role: 'user', content: parts }]
}

function readUserBlock(block: JsonReader): (UserPart & ToolResultPart)[] {
  switch (block.requiredString('type')) {
    case 'text':
      return [{ type: 'text', text: block.text('text') ?? '' }]
    case 'image':
      return readSource(block, 'image')
    case 'document':
      return readSource(block, 'file')
    default:
      return block.addIssue('type', 'takes one of text, image, document, tool_result') ?? []
  }
}

function readSource(block: JsonReader, type: 'image' | 'file'): (ImagePart | FilePart)[] {
  const source = block.object('source')
  if (source === undefined) return block.addIssue('source', 'is missing') ?? []
  const filename = type === 'file' ? block.text('title') : undefined
  const named = filename === undefined ? undefined : { filename }
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
      return source.addIssue('type', 'takes one of base64, url, text, file') ?? []
  }
}

function readResult(block: JsonReader): MessageInput {
  const toolCallId = block.requiredString('tool_use_id')
  const isError = block.flag('is_error')
  const whole = block.raw('content')
  if (whole === undefined || typeof whole === 'string')
    return { role: 'tool', toolCallId, isError, content: whole ?? '' }
  const parts = (block.objects('content') ?? []).flatMap(readUserBlock)
  return { role: 'tool', toolCallId, isError, content: parts.length === 0 ? '' : parts }
}

function readAnswerBlock(block: JsonReader, origin: string | undefined): AssistantPart[] {
  switch (block.requiredString('type')) {
    case 'text':
      return [{ type: 'text', text: block.text('text') ?? '' }]
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
      return block.addIssue('type', 'takes one of text, tool_use, thinking, redacted_thinking') ?? []
  }
}

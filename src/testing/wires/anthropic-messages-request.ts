import { modelInPath } from './model-in-path.ts'
import type { JsonObject } from '../../core/json.ts'
import type { ToolChoice } from '../../core/request.ts'
import { isGenuine } from '../fake-answer.ts'
import { FakeHttpError } from '../fake-error.ts'
import {
  joinMessages,
  messageOf,
  nameResults,
  newestText,
  type ReceivedMedia,
  type ReceivedMessage,
  type ReceivedTool,
  type ReceivedSettings,
  type ReadRequest,
} from '../request.ts'
import { checkThinking, checkOrder } from './anthropic-messages-order.ts'
import { StrictReader } from './strict-reader.ts'
import type { ReadRules, RequestHead } from './wire.ts'

const KNOWN: ReadonlySet<string> = new Set(
  `max_tokens messages model anthropic_version billing_policy cache_control compaction container context_management diagnostics
  fallback_credit_token fallbacks inference_geo mcp_servers metadata output_config output_format service_tier speed
  stop_sequences stream system temperature thinking thread tool_choice tools top_k top_p user_profile_id
  workspace_id`.split(/\s+/),
)
const BLOCKS = {
  user: ['text', 'image', 'document', 'tool_result', 'search_result', 'container_upload'],
  assistant: [
    'text',
    'thinking',
    'redacted_thinking',
    'tool_use',
    'server_tool_use',
    'mcp_tool_use',
    'container_upload',
  ],
  system: ['text'],
} as const
const ROLES = ['user', 'assistant', 'system'] as const
const EFFORTS = ['low', 'medium', 'high', 'xhigh', 'max'] as const
const MOST_TOKENS = 10_000_000

/** Reads a messages body by Anthropic's rules. */
export function readAnthropicMessages(body: JsonObject, head: RequestHead, rules: ReadRules): ReadRequest {
  if (head.headers['anthropic-version'] === undefined && body['anthropic_version'] === undefined)
    reject('anthropic-version', 'the header is required')
  const fields = new StrictReader(body, '', reject)
  const unknown = fields.unknown(KNOWN)
  if (unknown !== undefined && rules.unknownFields === 'refuse')
    reject(unknown, 'extra inputs are not permitted')
  const model = modelInPath(head) ?? fields.requiredString('model')
  const maxTokens =
    fields.number('max_tokens', { whole: true, min: 1, max: MOST_TOKENS }) ??
    fields.reject('max_tokens', 'is required')
  const messages = fields.requiredObjects('messages')
  if (messages.length === 0) fields.reject('messages', 'at least one message is required')
  const turns = messages.map((message, index) => readMessage(message, index === messages.length - 1))
  checkOrder(messages, reject)
  checkThinking(fields, messages, { maxTokens, betas: head.headers['anthropic-beta'] ?? '' })
  const tools = readTools(fields)
  return {
    model,
    stream: fields.flag('stream') ?? false,
    system: [readSystem(fields), ...turns.map(({ system }) => system)].filter(Boolean).join('\n'),
    turns: nameResults(joinMessages(turns.flatMap(({ turn }) => turn))),
    prompt: newestText(turns.map(({ turn }) => turn)),
    tools,
    settings: { ...readSettings(fields, model, tools), maxTokens },
  }
}

function reject(path: string, problem: string): never {
  throw new FakeHttpError({ status: 400, message: `${path}: ${problem}` })
}

function readSystem(fields: StrictReader): string {
  if (typeof fields.value['system'] === 'string') return fields.value['system']
  const blocks = fields.objects('system') ?? []
  return blocks.map((block) => readText(block)).join('\n')
}

interface ReadMessage {
  readonly system: string
  readonly turn: readonly ReceivedMessage[]
}

function readMessage(message: StrictReader, isLast: boolean): ReadMessage {
  const role = message.oneOf('role', ROLES) ?? message.reject('role', 'is required')
  const { content } = message.value
  const blocks = typeof content === 'string' ? undefined : message.objects('content')
  if (typeof content !== 'string' && blocks === undefined) message.reject('content', 'is required')
  const isEmpty = content === '' || blocks?.length === 0
  if (isEmpty && !(isLast && role === 'assistant')) message.reject('content', 'must not be empty')
  if (role === 'system')
    return {
      system: typeof content === 'string' ? content : (blocks ?? []).map(readText).join('\n'),
      turn: [],
    }
  if (typeof content === 'string') return { system: '', turn: [messageOf(role, { text: content })] }
  return { system: '', turn: (blocks ?? []).map((block) => readBlock(block, role)) }
}

function readBlock(block: StrictReader, role: 'user' | 'assistant'): ReceivedMessage {
  const type = block.requiredString('type')
  const known =
    BLOCKS[role].some((name) => name === type) || (role === 'assistant' && type.endsWith('_tool_result'))
  if (!known) block.reject('type', `is no content block of a message of role ${role}: ${type}`)
  switch (type) {
    case 'text':
      return messageOf(role, { text: readText(block) })
    case 'thinking':
      return messageOf(role, { reasoning: readThinking(block) })
    case 'redacted_thinking':
      block.requiredString('data')
      return messageOf(role, {})
    case 'tool_use':
      return messageOf(role, { toolCalls: [readCall(block)] })
    case 'tool_result':
      return messageOf('tool', { toolResults: [readResult(block)] })
    case 'image':
    case 'document':
      return messageOf(role, { media: [readMedia(block, type)] })
    default:
      return messageOf(role, {})
  }
}

function readText(block: StrictReader): string {
  const text = block.text('text') ?? block.reject('text', 'is required')
  if (text === '') block.reject('text', 'text content blocks must not be empty')
  return text.trim() === ''
    ? block.reject('text', 'text content blocks must hold more than white space')
    : text
}

function readThinking(block: StrictReader): string {
  const thinking = block.text('thinking') ?? block.reject('thinking', 'is required')
  const signature = block.requiredString('signature')
  if (!isGenuine(thinking, signature))
    block.reject('signature', 'is not the signature of this thinking block')
  return thinking
}

function readCall(block: StrictReader): ReceivedMessage['toolCalls'][number] {
  const id = block.requiredString('id')
  if (!/^[A-Za-z0-9_-]+$/.test(id)) block.reject('id', 'takes letters, digits, _ and -')
  const input = block.requiredObject('input')
  return { id, name: block.requiredString('name'), arguments: input.value }
}

function readResult(block: StrictReader): ReceivedMessage['toolResults'][number] {
  const id = block.requiredString('tool_use_id')
  const { content } = block.value
  const parts = typeof content === 'string' ? [] : (block.objects('content') ?? [])
  const texts = parts.map((part) => (part.text('type') === 'text' ? readText(part) : ''))
  const isError = block.flag('is_error')
  return {
    id,
    text: typeof content === 'string' ? content : texts.join(''),
    ...(isError === true && { isError }),
  }
}

function readMedia(block: StrictReader, type: 'image' | 'document'): ReceivedMedia {
  const source = block.requiredObject('source')
  const kind = source.requiredString('type')
  const named = { type: type === 'image' ? 'image' : 'file' } as const
  if (kind === 'url') return { ...named, url: source.requiredString('url') }
  if (kind === 'file') return { ...named, url: source.requiredString('file_id') }
  if (kind === 'content') return named
  return { ...named, mediaType: source.requiredString('media_type'), data: source.requiredString('data') }
}

function readTools(fields: StrictReader): ReceivedTool[] {
  const tools = (fields.objects('tools') ?? []).flatMap((tool) => {
    const type = tool.text('type')
    if (type !== undefined && type !== 'custom') return []
    const name = tool.requiredString('name')
    if (!/^[A-Za-z0-9_-]{1,128}$/.test(name))
      tool.reject('name', 'takes 1 to 128 of letters, digits, _ and -')
    const schema = tool.requiredObject('input_schema')
    if (schema.value['type'] !== 'object') schema.reject('type', 'must be "object"')
    return [{ name, description: tool.text('description'), parameters: schema.value }]
  })
  if (new Set(tools.map(({ name }) => name)).size < tools.length)
    fields.reject('tools', 'tool names must be unique')
  return tools
}

function readSettings(fields: StrictReader, model: string, tools: readonly ReceivedTool[]): ReceivedSettings {
  const temperature = fields.number('temperature', { min: 0, max: 1 })
  const topP = fields.number('top_p', { min: 0, max: 1 })
  const takesBoth = /claude-(2|3|instant|(opus|sonnet)-4-(0|2025))/.test(model)
  if (temperature !== undefined && topP !== undefined && !takesBoth)
    fields.reject('temperature', 'and top_p cannot both be set for this model')
  const choice = fields.object('tool_choice')
  const disableParallel = choice?.flag('disable_parallel_tool_use')
  return {
    temperature,
    topP,
    topK: fields.number('top_k', { whole: true, min: 0, max: MOST_TOKENS }),
    stop: readStop(fields),
    user: fields.object('metadata')?.text('user_id'),
    parallelToolCalls: disableParallel === undefined ? undefined : !disableParallel,
    toolChoice: choice === undefined ? undefined : readToolChoice(fields, choice, tools),
    reasoning: readReasoning(fields),
    responseFormat: readFormat(fields),
  }
}

function readStop(fields: StrictReader): readonly string[] | undefined {
  const stop = fields.texts('stop_sequences')
  if (stop?.some((text) => text.trim() === ''))
    fields.reject('stop_sequences', 'each must hold more than white space')
  return stop
}

function readToolChoice(
  fields: StrictReader,
  choice: StrictReader,
  tools: readonly ReceivedTool[],
): ToolChoice {
  if (!fields.has('tools')) fields.reject('tool_choice', 'may only be set with tools')
  choice.requiredString('type')
  const type = choice.oneOf('type', ['auto', 'any', 'tool', 'none'])
  if (type === 'any') return 'required'
  if (type !== 'tool') return type ?? 'auto'
  const name = choice.requiredString('name')
  if (!tools.some((tool) => tool.name === name))
    choice.reject('name', `names no tool of the request: ${name}`)
  return { name }
}

function readReasoning(fields: StrictReader): ReceivedSettings['reasoning'] {
  const thinking = fields.object('thinking')
  const effort = fields.object('output_config')?.oneOf('effort', EFFORTS)
  const budgetTokens = thinking?.number('budget_tokens', { whole: true, min: 1024, max: MOST_TOKENS })
  if (thinking?.text('type') === 'disabled') return { effort: 'none' }
  return effort === undefined && budgetTokens === undefined ? undefined : { effort, budgetTokens }
}

function readFormat(fields: StrictReader): ReceivedSettings['responseFormat'] {
  const format = fields.object('output_config')?.object('format') ?? fields.object('output_format')
  if (format === undefined) return undefined
  format.oneOf('type', ['json_schema'])
  const schema = format.requiredObject('schema')
  return { type: 'json', schema: schema.value }
}

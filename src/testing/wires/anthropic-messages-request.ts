import type { JsonObject } from '../../core/json.ts'
import type { ToolChoice } from '../../core/request.ts'
import { isGenuine } from '../fake-answer.ts'
import { FakeHttpError } from '../fake-error.ts'
import {
  joinTurns,
  turnOf,
  type ReadRequest,
  type ReceivedMedia,
  type ReceivedSettings,
  type ReceivedTool,
  type ReceivedMessage,
} from '../request.ts'
import { checkThinking, checkTurns } from './anthropic-messages-turns.ts'
import { Fields } from './fields.ts'
import type { ReadRules, RequestHead } from './wire.ts'

const KNOWN: ReadonlySet<string> = new Set(
  `max_tokens messages model billing_policy cache_control compaction container context_management diagnostics
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
export function readAnthropicMessages(
  body: JsonObject,
  { headers }: RequestHead,
  rules: ReadRules,
): ReadRequest {
  if (headers['anthropic-version'] === undefined) refuse('anthropic-version', 'the header is required')
  const fields = new Fields(body, '', refuse)
  const unknown = fields.unknown(KNOWN)
  if (unknown !== undefined && rules.unknownFields === 'refuse')
    refuse(unknown, 'extra inputs are not permitted')
  const model = fields.required('model')
  const maxTokens = fields.integer('max_tokens', 1, MOST_TOKENS) ?? fields.refuse('max_tokens', 'is required')
  const messages = fields.objects('messages') ?? fields.refuse('messages', 'is required')
  if (messages.length === 0) fields.refuse('messages', 'at least one message is required')
  const turns = messages.map((message, index) => readMessage(message, index === messages.length - 1))
  checkTurns(messages, refuse)
  checkThinking(fields, messages, { maxTokens, betas: headers['anthropic-beta'] ?? '' })
  const tools = readTools(fields)
  return {
    model,
    stream: fields.flag('stream') ?? false,
    system: [readSystem(fields), ...turns.map(({ system }) => system)].filter(Boolean).join('\n'),
    turns: nameResults(joinTurns(turns.flatMap(({ turn }) => turn))),
    tools,
    settings: { ...readSettings(fields, model, tools), maxTokens },
  }
}

function refuse(path: string, problem: string): never {
  throw new FakeHttpError({ status: 400, message: `${path}: ${problem}` })
}

function readSystem(fields: Fields): string {
  if (typeof fields.value['system'] === 'string') return fields.value['system']
  const blocks = fields.objects('system') ?? []
  return blocks.map((block) => readText(block)).join('\n')
}

interface ReadMessage {
  readonly system: string
  readonly turn: readonly ReceivedMessage[]
}

function readMessage(message: Fields, isLast: boolean): ReadMessage {
  const role = message.word('role', ROLES) ?? message.refuse('role', 'is required')
  const { content } = message.value
  const blocks = typeof content === 'string' ? undefined : message.objects('content')
  if (typeof content !== 'string' && blocks === undefined) message.refuse('content', 'is required')
  const isEmpty = content === '' || blocks?.length === 0
  if (isEmpty && !(isLast && role === 'assistant')) message.refuse('content', 'must not be empty')
  if (role === 'system')
    return {
      system: typeof content === 'string' ? content : (blocks ?? []).map(readText).join('\n'),
      turn: [],
    }
  if (typeof content === 'string') return { system: '', turn: [turnOf(role, { text: content })] }
  return { system: '', turn: (blocks ?? []).map((block) => readBlock(block, role)) }
}

function readBlock(block: Fields, role: 'user' | 'assistant'): ReceivedMessage {
  const type = block.required('type')
  const known =
    BLOCKS[role].some((name) => name === type) || (role === 'assistant' && type.endsWith('_tool_result'))
  if (!known) block.refuse('type', `is no content block of a message of role ${role}: ${type}`)
  switch (type) {
    case 'text':
      return turnOf(role, { text: readText(block) })
    case 'thinking':
      return turnOf(role, { reasoning: readThinking(block) })
    case 'redacted_thinking':
      block.required('data')
      return turnOf(role, {})
    case 'tool_use':
      return turnOf(role, { toolCalls: [readCall(block)] })
    case 'tool_result':
      return turnOf('tool', { toolResults: [readResult(block)] })
    case 'image':
    case 'document':
      return turnOf(role, { media: [readMedia(block, type)] })
    default:
      return turnOf(role, {})
  }
}

function readText(block: Fields): string {
  const text = block.text('text') ?? block.refuse('text', 'is required')
  if (text === '') block.refuse('text', 'text content blocks must not be empty')
  return text.trim() === ''
    ? block.refuse('text', 'text content blocks must hold more than white space')
    : text
}

function readThinking(block: Fields): string {
  const thinking = block.text('thinking') ?? block.refuse('thinking', 'is required')
  const signature = block.required('signature')
  if (!isGenuine(thinking, signature))
    block.refuse('signature', 'is not the signature of this thinking block')
  return thinking
}

function readCall(block: Fields): ReceivedMessage['toolCalls'][number] {
  const id = block.required('id')
  if (!/^[A-Za-z0-9_-]+$/.test(id)) block.refuse('id', 'takes letters, digits, _ and -')
  const input = block.object('input') ?? block.refuse('input', 'is required')
  return { id, name: block.required('name'), arguments: input.value }
}

function readResult(block: Fields): ReceivedMessage['toolResults'][number] {
  const id = block.required('tool_use_id')
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

function readMedia(block: Fields, type: 'image' | 'document'): ReceivedMedia {
  const source = block.object('source') ?? block.refuse('source', 'is required')
  const kind = source.required('type')
  const named = { type: type === 'image' ? 'image' : 'file' } as const
  if (kind === 'url') return { ...named, url: source.required('url') }
  if (kind === 'file') return { ...named, url: source.required('file_id') }
  if (kind === 'content') return named
  return { ...named, mediaType: source.required('media_type'), data: source.required('data') }
}

function nameResults(turns: readonly ReceivedMessage[]): ReceivedMessage[] {
  const calls = turns.flatMap((turn) => turn.toolCalls)
  return turns.map((turn) => ({
    ...turn,
    toolResults: turn.toolResults.map((result) => ({
      ...result,
      name: calls.findLast(({ id }) => id === result.id)?.name,
    })),
  }))
}

function readTools(fields: Fields): ReceivedTool[] {
  const tools = (fields.objects('tools') ?? []).flatMap((tool) => {
    const type = tool.text('type')
    if (type !== undefined && type !== 'custom') return []
    const name = tool.required('name')
    if (!/^[A-Za-z0-9_-]{1,128}$/.test(name))
      tool.refuse('name', 'takes 1 to 128 of letters, digits, _ and -')
    const schema = tool.object('input_schema') ?? tool.refuse('input_schema', 'is required')
    if (schema.value['type'] !== 'object') schema.refuse('type', 'must be "object"')
    return [{ name, description: tool.text('description'), parameters: schema.value }]
  })
  if (new Set(tools.map(({ name }) => name)).size < tools.length)
    fields.refuse('tools', 'tool names must be unique')
  return tools
}

function readSettings(fields: Fields, model: string, tools: readonly ReceivedTool[]): ReceivedSettings {
  const temperature = fields.number('temperature', 0, 1)
  const topP = fields.number('top_p', 0, 1)
  const takesBoth = /claude-(2|3|instant|(opus|sonnet)-4-(0|2025))/.test(model)
  if (temperature !== undefined && topP !== undefined && !takesBoth)
    fields.refuse('temperature', 'and top_p cannot both be set for this model')
  const choice = fields.object('tool_choice')
  const disableParallel = choice?.flag('disable_parallel_tool_use')
  return {
    temperature,
    topP,
    topK: fields.integer('top_k', 0, MOST_TOKENS),
    stop: readStop(fields),
    user: fields.object('metadata')?.text('user_id'),
    parallelToolCalls: disableParallel === undefined ? undefined : !disableParallel,
    toolChoice: choice === undefined ? undefined : readToolChoice(fields, choice, tools),
    reasoning: readReasoning(fields),
    responseFormat: readFormat(fields),
  }
}

function readStop(fields: Fields): readonly string[] | undefined {
  const stop = fields.texts('stop_sequences')
  if (stop?.some((text) => text.trim() === ''))
    fields.refuse('stop_sequences', 'each must hold more than white space')
  return stop
}

function readToolChoice(fields: Fields, choice: Fields, tools: readonly ReceivedTool[]): ToolChoice {
  if (!fields.has('tools')) fields.refuse('tool_choice', 'may only be set with tools')
  choice.required('type')
  const type = choice.word('type', ['auto', 'any', 'tool', 'none'])
  if (type === 'any') return 'required'
  if (type !== 'tool') return type ?? 'auto'
  const name = choice.required('name')
  if (!tools.some((tool) => tool.name === name))
    choice.refuse('name', `names no tool of the request: ${name}`)
  return { name }
}

function readReasoning(fields: Fields): ReceivedSettings['reasoning'] {
  const thinking = fields.object('thinking')
  const effort = fields.object('output_config')?.word('effort', EFFORTS)
  const budgetTokens = thinking?.integer('budget_tokens', 1024, MOST_TOKENS)
  if (thinking?.text('type') === 'disabled') return { effort: 'none' }
  return effort === undefined && budgetTokens === undefined ? undefined : { effort, budgetTokens }
}

function readFormat(fields: Fields): ReceivedSettings['responseFormat'] {
  const format = fields.object('output_config')?.object('format') ?? fields.object('output_format')
  if (format === undefined) return undefined
  format.word('type', ['json_schema'])
  const schema = format.object('schema') ?? format.refuse('schema', 'is required')
  return { type: 'json', schema: schema.value }
}

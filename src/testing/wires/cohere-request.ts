import { parseJson, type JsonObject } from '../../core/json.ts'
import { readDataUrl } from '../../core/message.ts'
import { FakeHttpError } from '../fake-error.ts'
import {
  joinTurns,
  turnOf,
  type ReadRequest,
  type ReceivedMedia,
  type ReceivedSettings,
  type ReceivedTool,
  type ReceivedToolCall,
  type ReceivedMessage,
} from '../request.ts'
import { Fields } from './fields.ts'
import type { ReadRules, RequestHead } from './wire.ts'

const KNOWN: ReadonlySet<string> = new Set(
  `citation_options documents frequency_penalty k logprobs max_tokens messages model p presence_penalty priority
  response_format safety_mode seed stop_sequences stream strict_tools temperature thinking tool_choice tools`.split(
    /\s+/,
  ),
)
const ROLES = ['system', 'user', 'assistant', 'tool'] as const
const PARTS: Readonly<Record<(typeof ROLES)[number], readonly string[]>> = {
  system: ['text'],
  user: ['text', 'image_url'],
  assistant: ['text', 'thinking'],
  tool: ['text', 'document'],
}
const MOST_TOKENS = 10_000_000

/** Reads a chat v2 body by Cohere's rules. */
export function readCohere(body: JsonObject, _head: RequestHead, rules: ReadRules): ReadRequest {
  const fields = new Fields(body, '', refuse)
  const unknown = fields.unknown(KNOWN)
  if (unknown !== undefined && rules.unknownFields === 'refuse') refuse(unknown, 'is not a valid field')
  const model = fields.required('model')
  const messages = fields.objects('messages') ?? fields.refuse('messages', 'is required')
  if (messages.length === 0) fields.refuse('messages', 'must be at least one message')
  const calls = new Map<string, ReceivedToolCall>()
  const read = messages.map((message) => readMessage(message, calls))
  const open = [...calls.keys()]
  if (open.length > 0) fields.refuse('messages', `hold tool calls without a tool message: ${open.join(', ')}`)
  const tools = readTools(fields)
  return {
    model,
    stream: fields.flag('stream') ?? false,
    system: read.flatMap(({ system }) => system ?? []).join('\n'),
    turns: joinTurns(read.flatMap(({ turn }) => turn ?? [])),
    tools,
    settings: readSettings(fields),
  }
}

function refuse(path: string, problem: string): never {
  throw new FakeHttpError({ status: 400, message: `invalid request: ${path} ${problem}` })
}

interface ReadMessage {
  readonly system?: string
  readonly turn?: ReceivedMessage
}

function readMessage(message: Fields, calls: Map<string, ReceivedToolCall>): ReadMessage {
  const role = message.word('role', ROLES) ?? message.refuse('role', 'is required')
  if (role !== 'tool' && role !== 'system' && calls.size > 0)
    message.refuse('role', `is '${role}' where tool messages must follow: ${[...calls.keys()].join(', ')}`)
  const { text, reasoning, media } = readContent(message, role)
  switch (role) {
    case 'system':
      return { system: text }
    case 'user':
      return { turn: turnOf('user', { text, media }) }
    case 'assistant':
      return { turn: turnOf('assistant', { text, reasoning, toolCalls: readCalls(message, calls) }) }
    case 'tool':
      return { turn: readResult(message, text, calls) }
  }
}

interface Content {
  readonly text: string
  readonly reasoning: string
  readonly media: readonly ReceivedMedia[]
}

function readContent(message: Fields, role: (typeof ROLES)[number]): Content {
  const { content } = message.value
  const mayLack = role === 'tool' || (role === 'assistant' && message.has('tool_calls'))
  if (typeof content === 'string') {
    if (content === '' && !mayLack) message.refuse('content', 'must not be empty in a turn')
    return { text: content, reasoning: '', media: [] }
  }
  const parts = message.objects('content')
  if (parts === undefined || parts.length === 0)
    return mayLack && role === 'assistant'
      ? { text: '', reasoning: '', media: [] }
      : message.refuse('content', 'must not be empty in a turn')
  const read = parts.map((part) => {
    const type = part.word('type', PARTS[role]) ?? part.refuse('type', 'is required')
    if (type === 'document') return { type, text: JSON.stringify(part.object('document')?.value ?? {}) }
    if (type === 'image_url') return { type, text: '' }
    return { type, text: part.text(type) ?? part.refuse(type, 'is required') }
  })
  const textOf = (thinking: boolean): string =>
    read.map(({ type, text }) => ((type === 'thinking') === thinking ? text : '')).join('')
  return { text: textOf(false), reasoning: textOf(true), media: parts.flatMap(readMedia) }
}

function readMedia(part: Fields): ReceivedMedia[] {
  if (part.text('type') !== 'image_url') return []
  const image = part.object('image_url') ?? part.refuse('image_url', 'is required')
  const url = image.required('url')
  image.word('detail', ['auto', 'low', 'high'])
  return [{ type: 'image', ...(readDataUrl(url) ?? { url }) }]
}

function readCalls(message: Fields, calls: Map<string, ReceivedToolCall>): ReceivedToolCall[] {
  return (message.objects('tool_calls') ?? []).map((call) => {
    const id = call.required('id')
    if (call.required('type') !== 'function') call.refuse('type', 'must be function')
    if (calls.has(id)) call.refuse('id', `cannot have duplicate tool ids: ${id}`)
    const called = call.object('function') ?? call.refuse('function', 'is required')
    const text = called.text('arguments') ?? ''
    const seen = { id, name: called.required('name'), arguments: parseJson(text) ?? text }
    calls.set(id, seen)
    return seen
  })
}

function readResult(message: Fields, text: string, calls: Map<string, ReceivedToolCall>): ReceivedMessage {
  const id = message.required('tool_call_id')
  const call = calls.get(id)
  if (call === undefined) message.refuse('tool_call_id', `is not found in previous tool calls: ${id}`)
  calls.delete(id)
  return turnOf('tool', { toolResults: [{ id, name: call?.name, text }] })
}

function readTools(fields: Fields): ReceivedTool[] {
  return (fields.objects('tools') ?? []).map((tool) => {
    if (tool.required('type') !== 'function') tool.refuse('type', 'must be function')
    const called = tool.object('function') ?? tool.refuse('function', 'is required')
    const name = called.required('name')
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      called.refuse('name', `takes letters, digits and _, and no digit first: ${name}`)
    const parameters = called.object('parameters') ?? called.refuse('parameters', 'is required')
    return { name, description: called.text('description'), parameters: parameters.value }
  })
}

function readSettings(fields: Fields): ReceivedSettings {
  const stop = fields.texts('stop_sequences')
  if (stop !== undefined && stop.length > 5)
    fields.refuse('stop_sequences', `takes at most 5 texts, not ${stop.length}`)
  const choice = fields.word('tool_choice', ['REQUIRED', 'NONE'])
  if (choice === 'REQUIRED' && !fields.has('tools')) fields.refuse('tool_choice', 'needs tools')
  return {
    maxTokens: fields.integer('max_tokens', 1, MOST_TOKENS),
    temperature: fields.number('temperature', 0, 1),
    topP: fields.number('p', 0.01, 0.99),
    topK: fields.integer('k', 0, 500),
    seed: fields.integer('seed', 0, Number.MAX_SAFE_INTEGER),
    frequencyPenalty: fields.number('frequency_penalty', 0, 1),
    presencePenalty: fields.number('presence_penalty', 0, 1),
    logprobs: fields.flag('logprobs'),
    stop,
    toolChoice: choice === undefined ? undefined : choice === 'NONE' ? 'none' : 'required',
    reasoning: readThinking(fields),
    responseFormat: readFormat(fields),
  }
}

function readThinking(fields: Fields): ReceivedSettings['reasoning'] {
  const thinking = fields.object('thinking')
  if (thinking === undefined) return undefined
  thinking.required('type')
  if (thinking.word('type', ['enabled', 'disabled']) === 'disabled') return { effort: 'none' }
  return { budgetTokens: thinking.integer('token_budget', 1, MOST_TOKENS) }
}

function readFormat(fields: Fields): ReceivedSettings['responseFormat'] {
  const format = fields.object('response_format')
  if (format === undefined) return undefined
  format.required('type')
  const type = format.word('type', ['text', 'json_object'])
  if (type !== 'json_object') return { type: 'text' }
  for (const other of ['tools', 'documents'])
    if (fields.has(other)) fields.refuse('response_format', `is not supported with ${other}`)
  return { type: 'json', schema: format.object('json_schema')?.value }
}

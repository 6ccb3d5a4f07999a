import { parseJson, type JsonObject } from '../../core/json.ts'
import { FakeHttpError } from '../fake-error.ts'
import {
  joinRead,
  messageOf,
  mediaAt,
  type ReceivedToolCall,
  type ReceivedMedia,
  type ReceivedMessage,
  type ReceivedTool,
  type ReceivedSettings,
  type ReadRequest,
  type ReadMessage,
} from '../request.ts'
import { StrictReader } from './strict-reader.ts'
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
  const fields = new StrictReader(body, '', reject)
  const unknown = fields.unknown(KNOWN)
  if (unknown !== undefined && rules.unknownFields === 'refuse') reject(unknown, 'is not a valid field')
  const model = fields.requiredString('model')
  const messages = fields.requiredObjects('messages')
  if (messages.length === 0) fields.reject('messages', 'must be at least one message')
  const calls = new Map<string, ReceivedToolCall>()
  const read = messages.map((message) => readMessage(message, calls))
  const open = [...calls.keys()]
  if (open.length > 0) fields.reject('messages', `hold tool calls without a tool message: ${open.join(', ')}`)
  const tools = readTools(fields)
  return {
    model,
    stream: fields.flag('stream') ?? false,
    ...joinRead(read),
    tools,
    settings: readSettings(fields),
  }
}

function reject(path: string, problem: string): never {
  throw new FakeHttpError({ status: 400, message: `invalid request: ${path} ${problem}` })
}

function readMessage(message: StrictReader, calls: Map<string, ReceivedToolCall>): ReadMessage {
  const role = message.oneOf('role', ROLES) ?? message.reject('role', 'is required')
  if (role !== 'tool' && role !== 'system' && calls.size > 0)
    message.reject('role', `is '${role}' where tool messages must follow: ${[...calls.keys()].join(', ')}`)
  const { text, reasoning, media } = readContent(message, role)
  switch (role) {
    case 'system':
      return { system: text }
    case 'user':
      return { message: messageOf('user', { text, media }) }
    case 'assistant':
      return { message: messageOf('assistant', { text, reasoning, toolCalls: readCalls(message, calls) }) }
    case 'tool':
      return { message: readResult(message, text, calls) }
  }
}

interface Content {
  readonly text: string
  readonly reasoning: string
  readonly media: readonly ReceivedMedia[]
}

function readContent(message: StrictReader, role: (typeof ROLES)[number]): Content {
  const { content } = message.value
  const mayLack = role === 'tool' || (role === 'assistant' && message.has('tool_calls'))
  if (typeof content === 'string') {
    if (content === '' && !mayLack) message.reject('content', 'must not be empty in a message')
    return { text: content, reasoning: '', media: [] }
  }
  const parts = message.objects('content')
  if (parts === undefined || parts.length === 0)
    return mayLack && role === 'assistant'
      ? { text: '', reasoning: '', media: [] }
      : message.reject('content', 'must not be empty in a message')
  const read = parts.map((part) => {
    const type = part.oneOf('type', PARTS[role]) ?? part.reject('type', 'is required')
    if (type === 'document') return { type, text: JSON.stringify(part.object('document')?.value ?? {}) }
    if (type === 'image_url') return { type, text: '' }
    return { type, text: part.text(type) ?? part.reject(type, 'is required') }
  })
  const textOf = (thinking: boolean): string =>
    read.map(({ type, text }) => ((type === 'thinking') === thinking ? text : '')).join('')
  return { text: textOf(false), reasoning: textOf(true), media: parts.flatMap(readMedia) }
}

function readMedia(part: StrictReader): ReceivedMedia[] {
  if (part.text('type') !== 'image_url') return []
  const image = part.requiredObject('image_url')
  const url = image.requiredString('url')
  image.oneOf('detail', ['auto', 'low', 'high'])
  return [{ type: 'image', ...mediaAt(url) }]
}

function readCalls(message: StrictReader, calls: Map<string, ReceivedToolCall>): ReceivedToolCall[] {
  return (message.objects('tool_calls') ?? []).map((call) => {
    const id = call.requiredString('id')
    if (call.requiredString('type') !== 'function') call.reject('type', 'must be function')
    if (calls.has(id)) call.reject('id', `cannot have duplicate tool ids: ${id}`)
    const called = call.requiredObject('function')
    const text = called.text('arguments') ?? ''
    const seen = { id, name: called.requiredString('name'), arguments: parseJson(text) ?? text }
    calls.set(id, seen)
    return seen
  })
}

function readResult(
  message: StrictReader,
  text: string,
  calls: Map<string, ReceivedToolCall>,
): ReceivedMessage {
  const id = message.requiredString('tool_call_id')
  const call = calls.get(id)
  if (call === undefined) message.reject('tool_call_id', `is not found in previous tool calls: ${id}`)
  calls.delete(id)
  return messageOf('tool', { toolResults: [{ id, name: call?.name, text }] })
}

function readTools(fields: StrictReader): ReceivedTool[] {
  return (fields.objects('tools') ?? []).map((tool) => {
    if (tool.requiredString('type') !== 'function') tool.reject('type', 'must be function')
    const called = tool.requiredObject('function')
    const name = called.requiredString('name')
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      called.reject('name', `takes letters, digits and _, and no digit first: ${name}`)
    const parameters = called.requiredObject('parameters')
    return { name, description: called.text('description'), parameters: parameters.value }
  })
}

function readSettings(fields: StrictReader): ReceivedSettings {
  const stop = fields.texts('stop_sequences')
  if (stop !== undefined && stop.length > 5)
    fields.reject('stop_sequences', `takes at most 5 texts, not ${stop.length}`)
  const choice = fields.oneOf('tool_choice', ['REQUIRED', 'NONE'])
  if (choice === 'REQUIRED' && !fields.has('tools')) fields.reject('tool_choice', 'needs tools')
  return {
    maxTokens: fields.number('max_tokens', { whole: true, min: 1, max: MOST_TOKENS }),
    temperature: fields.number('temperature', { min: 0, max: 1 }),
    topP: fields.number('p', { min: 0.01, max: 0.99 }),
    topK: fields.number('k', { whole: true, min: 0, max: 500 }),
    seed: fields.number('seed', { whole: true, min: 0, max: Number.MAX_SAFE_INTEGER }),
    frequencyPenalty: fields.number('frequency_penalty', { min: 0, max: 1 }),
    presencePenalty: fields.number('presence_penalty', { min: 0, max: 1 }),
    logprobs: fields.flag('logprobs'),
    stop,
    toolChoice: choice === undefined ? undefined : choice === 'NONE' ? 'none' : 'required',
    reasoning: readThinking(fields),
    responseFormat: readFormat(fields),
  }
}

function readThinking(fields: StrictReader): ReceivedSettings['reasoning'] {
  const thinking = fields.object('thinking')
  if (thinking === undefined) return undefined
  thinking.requiredString('type')
  if (thinking.oneOf('type', ['enabled', 'disabled']) === 'disabled') return { effort: 'none' }
  return { budgetTokens: thinking.number('token_budget', { whole: true, min: 1, max: MOST_TOKENS }) }
}

function readFormat(fields: StrictReader): ReceivedSettings['responseFormat'] {
  const format = fields.object('response_format')
  if (format === undefined) return undefined
  format.requiredString('type')
  const type = format.oneOf('type', ['text', 'json_object'])
  if (type !== 'json_object') return { type: 'text' }
  for (const other of ['tools', 'documents'])
    if (fields.has(other)) fields.reject('response_format', `is not supported with ${other}`)
  return { type: 'json', schema: format.object('json_schema')?.value }
}

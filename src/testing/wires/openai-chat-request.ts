import { parseJson, type JsonObject, type JsonValue } from '../../core/json.ts'
import { readDataUrl } from '../../core/message.ts'
import type { ToolChoice } from '../../core/request.ts'
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
import { Fields } from './fields.ts'
import { checkPairs } from './openai-chat-pairs.ts'
import type { ReadRules, RequestHead } from './wire.ts'

const KNOWN: ReadonlySet<string> = new Set(
  `messages model audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens
  metadata modalities moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_options
  prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier stop store stream
  stream_options temperature tool_choice tools top_logprobs top_p user verbosity web_search_options`.split(
    /\s+/,
  ),
)
const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function'] as const
const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const
const CHOICES = ['auto', 'none', 'required'] as const
const MOST_TOKENS = 10_000_000

/** Reads a chat completions body by OpenAI's rules. */
export function readOpenAIChat(body: JsonObject, _head: RequestHead, rules: ReadRules): ReadRequest {
  const fields = new Fields(body, '', refuse)
  const unknown = fields.unknown(KNOWN)
  if (unknown !== undefined && rules.unknownFields === 'refuse')
    throw new FakeHttpError({
      status: 400,
      message: `The request has an argument that is not known: ${unknown}`,
    })
  const model = fields.required('model')
  const messages = fields.objects('messages')
  if (messages === undefined) return refuse('messages', 'is required', 'missing_required_parameter')
  if (messages.length === 0) return refuse('messages', 'must not be an empty list', 'empty_array')
  const read = messages.map(readMessage)
  checkPairs(messages, refuse)
  const tools = readTools(fields)
  const settings = readSettings(fields, tools)
  checkModes(fields, model, messages)
  return {
    model,
    stream: fields.flag('stream') ?? false,
    system: read.flatMap(({ system }) => system ?? []).join('\n'),
    turns: nameResults(joinTurns(read.flatMap(({ turn }) => turn ?? []))),
    tools,
    settings,
  }
}

function refuse(path: string, problem: string, code = 'invalid_value'): never {
  throw new FakeHttpError({
    status: 400,
    message: `Invalid parameter: '${path}' ${problem}.`,
    param: path,
    code,
  })
}

interface ReadMessage {
  readonly system?: string
  readonly turn?: ReceivedMessage
}

function readMessage(message: Fields): ReadMessage {
  message.required('role')
  const role = message.word('role', ROLES) ?? 'user'
  const { text, media } = readContent(message, role)
  switch (role) {
    case 'system':
    case 'developer':
      return { system: text }
    case 'user':
      return { turn: turnOf('user', { text, media }) }
    case 'assistant':
      return { turn: readAssistant(message, text) }
    case 'tool':
      return { turn: turnOf('tool', { toolResults: [{ id: message.required('tool_call_id'), text }] }) }
    case 'function':
      return { turn: turnOf('tool', { toolResults: [{ name: message.required('name'), text }] }) }
  }
}

const PARTS: Readonly<Record<(typeof ROLES)[number], readonly string[]>> = {
  system: ['text'],
  developer: ['text'],
  user: ['text', 'image_url', 'input_audio', 'file'],
  assistant: ['text', 'refusal'],
  tool: ['text'],
  function: [],
}

function readContent(
  message: Fields,
  role: (typeof ROLES)[number],
): { text: string; media: ReceivedMedia[] } {
  const { content } = message.value
  if (typeof content === 'string') return { text: content, media: [] }
  if (content === null || content === undefined) {
    const mayLack = ['tool_calls', 'function_call', 'audio', 'refusal'].some((name) => message.has(name))
    if (role === 'assistant' && mayLack) return { text: '', media: [] }
    return message.refuse('content', 'must be a string or a list of parts, not null')
  }
  const parts = message.objects('content') ?? []
  if (parts.length === 0) message.refuse('content', 'must not be an empty list')
  const texts = parts.map((part) => {
    const type = part.word('type', PARTS[role]) ?? part.refuse('type', 'is required')
    return type === 'text' || type === 'refusal' ? (part.text(type) ?? part.refuse(type, 'is required')) : ''
  })
  return { text: texts.join(''), media: parts.flatMap(readMedia) }
}

function readMedia(part: Fields): ReceivedMedia[] {
  const type = part.text('type')
  if (type === 'image_url') {
    const url = part.object('image_url')?.required('url') ?? part.refuse('image_url', 'is required')
    return [{ type: 'image', ...placeOf(url) }]
  }
  if (type === 'input_audio') {
    const audio = part.object('input_audio') ?? part.refuse('input_audio', 'is required')
    return [{ type: 'audio', data: audio.required('data'), mediaType: `audio/${audio.required('format')}` }]
  }
  if (type !== 'file') return []
  const file = part.object('file') ?? part.refuse('file', 'is required')
  const id = file.text('file_id')
  return [{ type: 'file', ...(id === undefined ? placeOf(file.required('file_data')) : { url: id }) }]
}

function placeOf(url: string): Omit<ReceivedMedia, 'type'> {
  return readDataUrl(url) ?? { url }
}

function readAssistant(message: Fields, text: string): ReceivedMessage {
  const calls = message.objects('tool_calls')
  if (calls?.length === 0) message.refuse('tool_calls', 'must not be an empty list')
  const legacy = message.object('function_call')
  const toolCalls = calls?.map(readCall) ?? []
  if (legacy !== undefined) toolCalls.push(callOf(undefined, legacy))
  // Not OpenAI's own: compatible servers take earlier reasoning back under these names.
  const reasoning = message.text('reasoning_content') ?? message.text('reasoning') ?? ''
  return turnOf('assistant', { text, reasoning, toolCalls })
}

function readCall(call: Fields): ReceivedMessage['toolCalls'][number] {
  const id = call.required('id')
  if (id.length > 40) call.refuse('id', `must have at most 40 characters, not ${id.length}`)
  call.required('type')
  if (call.word('type', ['function', 'custom']) === 'custom')
    return { id, name: call.object('custom')?.required('name') ?? '', arguments: {} }
  return callOf(id, call.object('function') ?? call.refuse('function', 'is required'))
}

function callOf(id: string | undefined, called: Fields): ReceivedMessage['toolCalls'][number] {
  const text = called.text('arguments') ?? called.refuse('arguments', 'is required')
  return { id, name: called.required('name'), arguments: parseJson(text) ?? text }
}

function nameResults(turns: readonly ReceivedMessage[]): ReceivedMessage[] {
  const calls = turns.flatMap((turn) => turn.toolCalls)
  return turns.map((turn) => ({
    ...turn,
    toolResults: turn.toolResults.map((result) => ({
      ...result,
      name: result.name ?? calls.findLast(({ id }) => id === result.id)?.name,
    })),
  }))
}

function readTools(fields: Fields): ReceivedTool[] {
  const tools = fields.objects('tools')
  if (tools?.length === 0) fields.refuse('tools', 'must not be an empty list')
  return (tools ?? []).flatMap((tool) => {
    tool.required('type')
    if (tool.word('type', ['function', 'custom']) === 'custom') return []
    const called = tool.object('function') ?? tool.refuse('function', 'is required')
    const name = called.required('name')
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(name))
      called.refuse('name', 'takes 1 to 64 of letters, digits, _ and -')
    const parameters = called.object('parameters')
    if (parameters !== undefined && parameters.value['type'] !== 'object')
      parameters.refuse('type', 'must be "object"')
    return [{ name, description: called.text('description'), parameters: parameters?.value }]
  })
}

function readSettings(fields: Fields, tools: readonly ReceivedTool[]): ReceivedSettings {
  const maxTokens = fields.integer('max_tokens', 1, MOST_TOKENS)
  const maxCompletion = fields.integer('max_completion_tokens', 1, MOST_TOKENS)
  if (maxTokens !== undefined && maxCompletion !== undefined)
    fields.refuse('max_tokens', 'and max_completion_tokens cannot both be set')
  const effort = fields.word('reasoning_effort', EFFORTS)
  return {
    maxTokens: maxTokens ?? maxCompletion,
    temperature: fields.number('temperature', 0, 2),
    topP: fields.number('top_p', 0, 1),
    topK: fields.number('top_k', -1, MOST_TOKENS),
    seed: fields.integer('seed', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    frequencyPenalty: fields.number('frequency_penalty', -2, 2),
    presencePenalty: fields.number('presence_penalty', -2, 2),
    n: fields.integer('n', 1, 128),
    logprobs: fields.flag('logprobs'),
    topLogprobs: readTopLogprobs(fields),
    parallelToolCalls: readParallel(fields, tools),
    user: fields.text('user'),
    stop: readStop(fields),
    toolChoice: readToolChoice(fields, tools),
    reasoning: effort === undefined ? undefined : { effort },
    responseFormat: readFormat(fields),
  }
}

function readTopLogprobs(fields: Fields): number | undefined {
  const top = fields.integer('top_logprobs', 0, 20)
  if (top !== undefined && fields.flag('logprobs') !== true)
    fields.refuse('top_logprobs', 'needs logprobs to be true')
  return top
}

function readParallel(fields: Fields, tools: readonly ReceivedTool[]): boolean | undefined {
  const parallel = fields.flag('parallel_tool_calls')
  if (parallel !== undefined && tools.length === 0 && !fields.has('tools'))
    fields.refuse('parallel_tool_calls', 'is only allowed with tools')
  return parallel
}

function readStop(fields: Fields): readonly string[] | undefined {
  if (typeof fields.value['stop'] === 'string') return [fields.value['stop']]
  const stop = fields.texts('stop')
  if (stop !== undefined && stop.length > 4)
    fields.refuse('stop', `takes at most 4 texts, not ${stop.length}`)
  return stop
}

function readToolChoice(fields: Fields, tools: readonly ReceivedTool[]): ToolChoice | undefined {
  if (!fields.has('tool_choice')) return undefined
  if (!fields.has('tools')) fields.refuse('tool_choice', 'is only allowed with tools')
  if (typeof fields.value['tool_choice'] === 'string') return fields.word('tool_choice', CHOICES)
  const named = fields.object('tool_choice')?.object('function')
  if (named === undefined) return undefined
  const name = named.required('name')
  if (!tools.some((tool) => tool.name === name)) named.refuse('name', `names no tool of the request: ${name}`)
  return { name }
}

function readFormat(fields: Fields): ReceivedSettings['responseFormat'] {
  const format = fields.object('response_format')
  if (format === undefined) return undefined
  format.required('type')
  const type = format.word('type', ['text', 'json_object', 'json_schema'])
  if (type !== 'json_schema') return { type: type === 'text' ? 'text' : 'json' }
  const schema = format.object('json_schema') ?? format.refuse('json_schema', 'is required')
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(schema.required('name')))
    schema.refuse('name', 'takes 1 to 64 of letters, digits, _ and -')
  return { type: 'json', schema: schema.object('schema')?.value }
}

/** Rules that join a setting with the mode, the model or the texts. */
function checkModes(fields: Fields, model: string, messages: readonly Fields[]): void {
  if (fields.has('stream_options') && fields.flag('stream') !== true)
    fields.refuse('stream_options', 'is only allowed in a stream')
  if (/^(o\d|gpt-5(?!.*chat))/.test(model) && fields.has('max_tokens'))
    refuse(
      'max_tokens',
      'is not supported with this model; it takes max_completion_tokens',
      'unsupported_parameter',
    )
  const json = fields.object('response_format')?.text('type') === 'json_object'
  if (json && !messages.some(({ value }) => saysJson(value['content'])))
    fields.refuse('messages', 'must hold the word json for a response_format of json_object')
}

function saysJson(content: JsonValue | undefined): boolean {
  return /json/i.test(JSON.stringify(content ?? ''))
}

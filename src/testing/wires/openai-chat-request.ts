import { parseJson, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { ToolChoice } from '../../core/request.ts'
import { FakeHttpError } from '../fake-error.ts'
import {
  joinRead,
  messageOf,
  nameResults,
  mediaAt,
  type ReceivedMedia,
  type ReceivedMessage,
  type ReceivedTool,
  type ReceivedSettings,
  type ReadRequest,
  type ReadMessage,
} from '../request.ts'
import { StrictReader } from './strict-reader.ts'
import { checkPairs } from './openai-chat-pairs.ts'
import { compatibleFields } from './compatible-fields.ts'
import { modelInPath } from './model-in-path.ts'
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
const EFFORTS = ['none', 'minimal', 'low', 'medium', 'default', 'high', 'xhigh', 'max'] as const
const CHOICES = ['auto', 'none', 'required'] as const
const MISTRALS = /stral|glm/
const MOST_TOKENS = 10_000_000

/** Reads a chat completions body by OpenAI's rules, with the fields that vendors of the catalogue add. */
export function readOpenAIChat(body: JsonObject, head: RequestHead, rules: ReadRules): ReadRequest {
  const fields = new StrictReader(body, '', reject)
  const unknown = fields.unknown(new Set([...KNOWN, ...compatibleFields]))
  if (unknown !== undefined && rules.unknownFields === 'refuse')
    throw new FakeHttpError({
      status: 400,
      message: `The request has an argument that is not known: ${unknown}`,
    })
  const model = modelInPath(head) ?? fields.requiredString('model')
  const messages = fields.objects('messages')
  if (messages === undefined) return reject('messages', 'is required', 'missing_required_parameter')
  if (messages.length === 0) return reject('messages', 'must not be an empty list', 'empty_array')
  const { system, turns, prompt } = joinRead(messages.map(readMessage))
  checkPairs(messages, reject)
  const tools = readTools(fields)
  const settings = readSettings(fields, tools)
  checkModes(fields, model, messages)
  return {
    model,
    stream: fields.flag('stream') ?? false,
    system,
    turns: nameResults(turns),
    prompt,
    tools,
    settings,
  }
}

/** Rejects a parameter as OpenAI does. */
export function reject(path: string, problem: string, code = 'invalid_value'): never {
  throw new FakeHttpError({
    status: 400,
    message: `Invalid parameter: '${path}' ${problem}.`,
    param: path,
    code,
  })
}

function readMessage(message: StrictReader): ReadMessage {
  message.requiredString('role')
  const role = message.oneOf('role', ROLES) ?? 'user'
  const { text, media } = readContent(message, role)
  switch (role) {
    case 'system':
    case 'developer':
      return { system: text }
    case 'user':
      return { message: messageOf('user', { text, media }) }
    case 'assistant':
      return { message: readAssistant(message, text) }
    case 'tool':
      return {
        message: messageOf('tool', { toolResults: [{ id: message.requiredString('tool_call_id'), text }] }),
      }
    case 'function':
      return { message: messageOf('tool', { toolResults: [{ name: message.requiredString('name'), text }] }) }
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
  message: StrictReader,
  role: (typeof ROLES)[number],
): { text: string; media: ReceivedMedia[] } {
  const { content } = message.value
  if (typeof content === 'string') return { text: content, media: [] }
  if (content === null || content === undefined) {
    const mayLack = ['tool_calls', 'function_call', 'audio', 'refusal'].some((name) => message.has(name))
    if (role === 'assistant' && mayLack) return { text: '', media: [] }
    return message.reject('content', 'must be a string or a list of parts, not null')
  }
  const parts = message.objects('content') ?? []
  if (parts.length === 0) message.reject('content', 'must not be an empty list')
  const texts = parts.map((part) => {
    const type = part.oneOf('type', PARTS[role]) ?? part.reject('type', 'is required')
    return type === 'text' || type === 'refusal' ? (part.text(type) ?? part.reject(type, 'is required')) : ''
  })
  return { text: texts.join(''), media: parts.flatMap(readMedia) }
}

function readMedia(part: StrictReader): ReceivedMedia[] {
  const type = part.text('type')
  if (type === 'image_url') {
    const url = part.object('image_url')?.requiredString('url') ?? part.reject('image_url', 'is required')
    return [{ type: 'image', ...mediaAt(url) }]
  }
  if (type === 'input_audio') {
    const audio = part.requiredObject('input_audio')
    return [
      {
        type: 'audio',
        data: audio.requiredString('data'),
        mediaType: `audio/${audio.requiredString('format')}`,
      },
    ]
  }
  if (type !== 'file') return []
  const file = part.requiredObject('file')
  const id = file.text('file_id')
  return [{ type: 'file', ...(id === undefined ? mediaAt(file.requiredString('file_data')) : { url: id }) }]
}

function readAssistant(message: StrictReader, text: string): ReceivedMessage {
  const calls = message.objects('tool_calls')
  if (calls?.length === 0) message.reject('tool_calls', 'must not be an empty list')
  const legacy = message.object('function_call')
  const toolCalls = calls?.map(readCall) ?? []
  if (legacy !== undefined) toolCalls.push(callOf(undefined, legacy))
  // Not OpenAI's own: compatible servers accept earlier reasoning under these names.
  const reasoning = message.text('reasoning_content') ?? message.text('reasoning') ?? ''
  return messageOf('assistant', { text, reasoning, toolCalls })
}

function readCall(call: StrictReader): ReceivedMessage['toolCalls'][number] {
  const id = call.requiredString('id')
  if (id.length > 40) call.reject('id', `must have at most 40 characters, not ${id.length}`)
  call.requiredString('type')
  if (call.oneOf('type', ['function', 'custom']) === 'custom')
    return { id, name: call.object('custom')?.requiredString('name') ?? '', arguments: {} }
  return callOf(id, call.requiredObject('function'))
}

function callOf(id: string | undefined, called: StrictReader): ReceivedMessage['toolCalls'][number] {
  const text = called.text('arguments') ?? called.reject('arguments', 'is required')
  return { id, name: called.requiredString('name'), arguments: parseJson(text) ?? text }
}

function readTools(fields: StrictReader): ReceivedTool[] {
  const tools = fields.objects('tools')
  if (tools?.length === 0) fields.reject('tools', 'must not be an empty list')
  return (tools ?? []).flatMap((tool) => {
    tool.requiredString('type')
    if (tool.oneOf('type', ['function', 'custom']) === 'custom') return []
    const called = tool.requiredObject('function')
    const name = called.requiredString('name')
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(name))
      called.reject('name', 'takes 1 to 64 of letters, digits, _ and -')
    const parameters = called.object('parameters')
    if (parameters !== undefined && parameters.value['type'] !== 'object')
      parameters.reject('type', 'must be "object"')
    return [{ name, description: called.text('description'), parameters: parameters?.value }]
  })
}

function readSettings(fields: StrictReader, tools: readonly ReceivedTool[]): ReceivedSettings {
  const maxTokens = fields.number('max_tokens', { whole: true, min: 1, max: MOST_TOKENS })
  const maxCompletion = fields.number('max_completion_tokens', { whole: true, min: 1, max: MOST_TOKENS })
  if (maxTokens !== undefined && maxCompletion !== undefined)
    fields.reject('max_tokens', 'and max_completion_tokens cannot both be set')
  const word = fields.oneOf('reasoning_effort', EFFORTS)
  const effort = word === 'default' ? 'medium' : word
  return {
    maxTokens: maxTokens ?? maxCompletion,
    temperature: fields.number('temperature', { min: 0, max: 2 }),
    topP: fields.number('top_p', { min: 0, max: 1 }),
    topK: fields.number('top_k', { min: -1, max: MOST_TOKENS }),
    seed: fields.number('seed', { whole: true, min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
    frequencyPenalty: fields.number('frequency_penalty', { min: -2, max: 2 }),
    presencePenalty: fields.number('presence_penalty', { min: -2, max: 2 }),
    n: fields.number('n', { whole: true, min: 1, max: 128 }),
    logprobs: readLogprobs(fields),
    topLogprobs: readTopLogprobs(fields),
    parallelToolCalls: readParallel(fields, tools),
    user: fields.text('user'),
    stop: readStop(fields),
    toolChoice: readToolChoice(fields, tools),
    reasoning: effort === undefined ? undefined : { effort },
    responseFormat: readFormat(fields),
  }
}

function readTopLogprobs(fields: StrictReader): number | undefined {
  const top = fields.number('top_logprobs', { whole: true, min: 0, max: 20 })
  if (top !== undefined && readLogprobs(fields) !== true)
    fields.reject('top_logprobs', 'needs logprobs to be true')
  return top
}

function readParallel(fields: StrictReader, tools: readonly ReceivedTool[]): boolean | undefined {
  const parallel = fields.flag('parallel_tool_calls')
  if (parallel !== undefined && tools.length === 0 && !fields.has('tools'))
    fields.reject('parallel_tool_calls', 'is only allowed with tools')
  return parallel
}

function readStop(fields: StrictReader): readonly string[] | undefined {
  if (typeof fields.value['stop'] === 'string') return [fields.value['stop']]
  const stop = fields.texts('stop')
  if (stop !== undefined && stop.length > 4)
    fields.reject('stop', `takes at most 4 texts, not ${stop.length}`)
  return stop
}

function readToolChoice(fields: StrictReader, tools: readonly ReceivedTool[]): ToolChoice | undefined {
  if (!fields.has('tool_choice')) return undefined
  if (!fields.has('tools')) fields.reject('tool_choice', 'is only allowed with tools')
  if (typeof fields.value['tool_choice'] === 'string') {
    // Mistral's word for it, which other vendors refuse.
    const isAny = fields.value['tool_choice'] === 'any' && MISTRALS.test(fields.text('model') ?? '')
    return isAny ? 'required' : fields.oneOf('tool_choice', CHOICES)
  }
  const named = fields.object('tool_choice')?.object('function')
  if (named === undefined) return undefined
  const name = named.requiredString('name')
  if (!tools.some((tool) => tool.name === name)) named.reject('name', `names no tool of the request: ${name}`)
  return { name }
}

function readFormat(fields: StrictReader): ReceivedSettings['responseFormat'] {
  const format = fields.object('response_format')
  if (format === undefined) return undefined
  format.requiredString('type')
  const type = format.oneOf('type', ['text', 'json_object', 'json_schema'])
  if (type !== 'json_schema') return { type: type === 'text' ? 'text' : 'json' }
  const schema = format.requiredObject('json_schema')
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(schema.requiredString('name')))
    schema.reject('name', 'takes 1 to 64 of letters, digits, _ and -')
  return { type: 'json', schema: schema.object('schema')?.value }
}

/** Checks the rules that connect a setting with the mode, the model or the texts. */
function checkModes(fields: StrictReader, model: string, messages: readonly StrictReader[]): void {
  if (fields.has('stream_options') && fields.flag('stream') !== true)
    fields.reject('stream_options', 'is only allowed in a stream')
  if (/^(o\d|gpt-5(?!.*chat))/.test(model) && fields.has('max_tokens'))
    reject(
      'max_tokens',
      'is not supported with this model; it takes max_completion_tokens',
      'unsupported_parameter',
    )
  const json = fields.object('response_format')?.text('type') === 'json_object'
  if (json && !messages.some(({ value }) => saysJson(value['content'])))
    fields.reject('messages', 'must hold the word json for a response_format of json_object')
}

function saysJson(content: JsonValue | undefined): boolean {
  return /json/i.test(JSON.stringify(content ?? ''))
}

// Some compatible servers take a number of tokens.
function readLogprobs(fields: StrictReader): boolean | undefined {
  const { logprobs } = fields.value
  return typeof logprobs === 'number' ? logprobs > 0 : fields.flag('logprobs')
}

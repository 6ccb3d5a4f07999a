import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { FakeHttpError } from '../fake-error.ts'
import {
  joinTurns,
  turnOf,
  type ReadRequest,
  type ReceivedSettings,
  type ReceivedTool,
  type ReceivedToolCall,
  type ReceivedMessage,
} from '../request.ts'
import { Fields } from './fields.ts'
import type { ReadRules, RequestHead } from './wire.ts'

// The vendor passes over what it does not know, and a mistyped field would go unseen. Options are many and pass here too.
const KNOWN: ReadonlySet<string> = new Set(
  'format keep_alive logprobs messages model options shift stream think tools top_logprobs truncate'.split(
    ' ',
  ),
)
const MOST = Number.MAX_SAFE_INTEGER

/** Reads a chat body by Ollama's rules. */
export function readOllama(body: JsonObject, _head: RequestHead, rules: ReadRules): ReadRequest {
  const fields = new Fields(body, '', refuse)
  const options = fields.object('options')
  const unknown = fields.unknown(KNOWN)
  if (unknown !== undefined && rules.unknownFields === 'refuse') refuse(unknown, 'is not a known field')
  const model = fields.required('model')
  const calls = new Map<string, string>()
  const read = (fields.objects('messages') ?? []).map((message) => readMessage(message, calls))
  return {
    model,
    stream: fields.flag('stream') ?? true,
    system: read.flatMap(({ system }) => system ?? []).join('\n'),
    turns: joinTurns(read.flatMap(({ turn }) => turn ?? [])),
    tools: (fields.objects('tools') ?? []).map(readTool),
    settings: {
      ...readOptions(options),
      logprobs: fields.flag('logprobs'),
      topLogprobs: fields.integer('top_logprobs', 0, 20),
      reasoning: readThink(fields),
      responseFormat: readFormat(fields),
    },
  }
}

function refuse(path: string, problem: string): never {
  throw new FakeHttpError({ status: 400, message: `invalid request: ${path} ${problem}` })
}

interface ReadMessage {
  readonly system?: string
  readonly turn?: ReceivedMessage
}

// Content is a text and never a list of parts.
function readMessage(message: Fields, calls: Map<string, string>): ReadMessage {
  message.required('role')
  const role = message.word('role', ['system', 'user', 'assistant', 'tool'])
  const text = message.text('content') ?? ''
  const media = (message.texts('images') ?? []).map((data) => {
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(data)) message.refuse('images', 'must be base64 data')
    return { type: 'image', data } as const
  })
  switch (role) {
    case 'system':
      return { system: text }
    case 'assistant': {
      const toolCalls = (message.objects('tool_calls') ?? []).map((call) => readCall(call, calls))
      return { turn: turnOf('assistant', { text, reasoning: message.text('thinking') ?? '', toolCalls }) }
    }
    case 'tool': {
      const id = message.text('tool_call_id')
      const name = message.text('tool_name') ?? calls.get(id ?? '')
      return { turn: turnOf('tool', { toolResults: [{ id, name, text }], media }) }
    }
    default:
      return { turn: turnOf('user', { text, media }) }
  }
}

function readCall(call: Fields, calls: Map<string, string>): ReceivedToolCall {
  const called = call.object('function') ?? call.refuse('function', 'is required')
  const [id, name] = [call.text('id'), called.required('name')]
  if (id !== undefined) calls.set(id, name)
  return { id, name, arguments: called.object('arguments')?.value ?? {} }
}

function readTool(tool: Fields): ReceivedTool {
  tool.word('type', ['function'])
  const called = tool.object('function') ?? tool.refuse('function', 'is required')
  const parameters = called.object('parameters')?.value
  return { name: called.required('name'), description: called.text('description'), parameters }
}

function readOptions(options: Fields | undefined): ReceivedSettings {
  if (options === undefined) return {}
  for (const name of ['min_p', 'typical_p', 'repeat_penalty']) options.number(name, -MOST, MOST)
  for (const name of ['num_ctx', 'num_keep', 'repeat_last_n']) options.integer(name, -MOST, MOST)
  return {
    // -1 has no end, -2 fills the context.
    maxTokens: options.integer('num_predict', -2, MOST),
    temperature: options.number('temperature', 0, MOST),
    topP: options.number('top_p', 0, 1),
    topK: options.integer('top_k', -MOST, MOST),
    seed: options.integer('seed', -MOST, MOST),
    frequencyPenalty: options.number('frequency_penalty', -MOST, MOST),
    presencePenalty: options.number('presence_penalty', -MOST, MOST),
    stop: options.texts('stop'),
  }
}

function readThink(fields: Fields): ReceivedSettings['reasoning'] {
  if (!fields.has('think')) return undefined
  if (typeof fields.value['think'] === 'boolean') return fields.value['think'] ? {} : { effort: 'none' }
  return { effort: fields.word('think', ['low', 'medium', 'high', 'max']) }
}

function readFormat(fields: Fields): ReceivedSettings['responseFormat'] {
  const { format } = fields.value
  if (format === undefined || format === null || format === '') return undefined
  if (format === 'json') return { type: 'json' }
  return isJsonObject(format)
    ? { type: 'json', schema: format }
    : fields.refuse('format', 'must be "json" or a JSON schema')
}

function isJsonObject(value: JsonValue): value is JsonObject {
  return isObject(value)
}

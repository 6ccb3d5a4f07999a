import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { FakeHttpError } from '../fake-error.ts'
import {
  joinRead,
  messageOf,
  type ReceivedToolCall,
  type ReceivedTool,
  type ReceivedSettings,
  type ReadRequest,
  type ReadMessage,
} from '../request.ts'
import { StrictReader } from './strict-reader.ts'
import type { ReadRules, RequestHead } from './wire.ts'

// The vendor ignores unknown fields; these are listed to find misspelt ones. `options` has too many and is not checked.
const KNOWN: ReadonlySet<string> = new Set(
  'format keep_alive logprobs messages model options shift stream think tools top_logprobs truncate'.split(
    ' ',
  ),
)
const MOST = Number.MAX_SAFE_INTEGER

/** Reads a chat body by Ollama's rules. */
export function readOllama(body: JsonObject, _head: RequestHead, rules: ReadRules): ReadRequest {
  const fields = new StrictReader(body, '', reject)
  const options = fields.object('options')
  const unknown = fields.unknown(KNOWN)
  if (unknown !== undefined && rules.unknownFields === 'refuse') reject(unknown, 'is not a known field')
  const model = fields.requiredString('model')
  const calls = new Map<string, string>()
  const read = (fields.objects('messages') ?? []).map((message) => readMessage(message, calls))
  return {
    model,
    stream: fields.flag('stream') ?? true,
    ...joinRead(read),
    tools: (fields.objects('tools') ?? []).map(readTool),
    settings: {
      ...readOptions(options),
      logprobs: fields.flag('logprobs'),
      topLogprobs: fields.number('top_logprobs', { whole: true, min: 0, max: 20 }),
      reasoning: readThink(fields),
      responseFormat: readFormat(fields),
    },
  }
}

function reject(path: string, problem: string): never {
  throw new FakeHttpError({ status: 400, message: `invalid request: ${path} ${problem}` })
}

// Content is a string, never a list of parts.
function readMessage(message: StrictReader, calls: Map<string, string>): ReadMessage {
  message.requiredString('role')
  const role = message.oneOf('role', ['system', 'user', 'assistant', 'tool'])
  const text = message.text('content') ?? ''
  const media = (message.texts('images') ?? []).map((data) => {
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(data)) message.reject('images', 'must be base64 data')
    return { type: 'image', data } as const
  })
  switch (role) {
    case 'system':
      return { system: text }
    case 'assistant': {
      const toolCalls = (message.objects('tool_calls') ?? []).map((call) => readCall(call, calls))
      return {
        message: messageOf('assistant', { text, reasoning: message.text('thinking') ?? '', toolCalls }),
      }
    }
    case 'tool': {
      const id = message.text('tool_call_id')
      const name = message.text('tool_name') ?? calls.get(id ?? '')
      return { message: messageOf('tool', { toolResults: [{ id, name, text }], media }) }
    }
    default:
      return { message: messageOf('user', { text, media }) }
  }
}

function readCall(call: StrictReader, calls: Map<string, string>): ReceivedToolCall {
  const called = call.requiredObject('function')
  const [id, name] = [call.text('id'), called.requiredString('name')]
  if (id !== undefined) calls.set(id, name)
  return { id, name, arguments: called.object('arguments')?.value ?? {} }
}

function readTool(tool: StrictReader): ReceivedTool {
  tool.oneOf('type', ['function'])
  const called = tool.requiredObject('function')
  const parameters = called.object('parameters')?.value
  return { name: called.requiredString('name'), description: called.text('description'), parameters }
}

function readOptions(options: StrictReader | undefined): ReceivedSettings {
  if (options === undefined) return {}
  for (const name of ['min_p', 'typical_p', 'repeat_penalty']) options.number(name, { min: -MOST, max: MOST })
  for (const name of ['num_ctx', 'num_keep', 'repeat_last_n'])
    options.number(name, { whole: true, min: -MOST, max: MOST })
  return {
    // -1: no maximum; -2: fill the context.
    maxTokens: options.number('num_predict', { whole: true, min: -2, max: MOST }),
    temperature: options.number('temperature', { min: 0, max: MOST }),
    topP: options.number('top_p', { min: 0, max: 1 }),
    topK: options.number('top_k', { whole: true, min: -MOST, max: MOST }),
    seed: options.number('seed', { whole: true, min: -MOST, max: MOST }),
    frequencyPenalty: options.number('frequency_penalty', { min: -MOST, max: MOST }),
    presencePenalty: options.number('presence_penalty', { min: -MOST, max: MOST }),
    stop: options.texts('stop'),
  }
}

function readThink(fields: StrictReader): ReceivedSettings['reasoning'] {
  if (!fields.has('think')) return undefined
  if (typeof fields.value['think'] === 'boolean') return fields.value['think'] ? {} : { effort: 'none' }
  return { effort: fields.oneOf('think', ['low', 'medium', 'high', 'max']) }
}

function readFormat(fields: StrictReader): ReceivedSettings['responseFormat'] {
  const { format } = fields.value
  if (format === undefined || format === null || format === '') return undefined
  if (format === 'json') return { type: 'json' }
  return isJsonObject(format)
    ? { type: 'json', schema: format }
    : fields.reject('format', 'must be "json" or a JSON schema')
}

function isJsonObject(value: JsonValue): value is JsonObject {
  return isObject(value)
}

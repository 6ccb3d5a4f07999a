import type { JsonObject } from '../../core/json.ts'
import type { ToolChoice } from '../../core/request.ts'
import type { VendorErrors } from '../fake-error.ts'
import {
  joinMessages,
  newestText,
  type ReceivedTool,
  type ReceivedSettings,
  type ReadRequest,
} from '../request.ts'
import { StrictReader } from './strict-reader.ts'
import { vendorErrors as chatErrors } from './openai-chat-errors.ts'
import { reject } from './openai-chat-request.ts'
import { readInput } from './openai-responses-input.ts'
import type { ReadRules, RequestHead } from './wire.ts'

const KNOWN: ReadonlySet<string> = new Set(
  `access_programs background context_management conversation image include input instructions max_output_tokens
  max_tool_calls metadata model moderation parallel_tool_calls previous_response_id prompt prompt_cache_key
  prompt_cache_options prompt_cache_retention reasoning safety_identifier service_tier store stream stream_options
  temperature text tool_choice tools top_logprobs top_p truncation user`.split(/\s+/),
)
const INCLUDABLE: ReadonlySet<string> = new Set([
  'file_search_call.results',
  'web_search_call.results',
  'web_search_call.action.sources',
  'message.input_image.image_url',
  'computer_call_output.output.image_url',
  'code_interpreter_call.outputs',
  'reasoning.encrypted_content',
  'message.output_text.logprobs',
])
const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const
const NAME = /^[A-Za-z0-9_-]{1,64}$/
const MOST_TOKENS = 10_000_000

/** OpenAI's errors, with the field names of this format. */
export const vendorErrors: VendorErrors = {
  ...chatErrors,
  'context-too-long': { ...chatErrors['context-too-long'], param: 'input' },
}

/** Reads a responses body by OpenAI's rules. */
export function readOpenAIResponses(body: JsonObject, _head: RequestHead, rules: ReadRules): ReadRequest {
  const fields = new StrictReader(body, '', reject)
  const unknown = fields.unknown(KNOWN)
  if (unknown !== undefined && rules.unknownFields === 'refuse')
    return reject(unknown, 'is not a known parameter', 'unknown_parameter')
  const model = fields.requiredString('model')
  const { system, turns } = readInput(fields)
  const tools = readTools(fields)
  checkModel(fields, model)
  checkModes(fields)
  return {
    model,
    stream: fields.flag('stream') ?? false,
    system: [fields.text('instructions') ?? '', ...system].filter(Boolean).join('\n'),
    turns: joinMessages(turns),
    prompt: newestText(turns.map((turn) => [turn])),
    tools,
    settings: readSettings(fields, tools),
  }
}

function readTools(fields: StrictReader): ReceivedTool[] {
  return (fields.objects('tools') ?? []).flatMap((tool) => {
    if (tool.requiredString('type') !== 'function') return []
    if (!NAME.test(tool.requiredString('name')))
      tool.reject('name', 'takes 1 to 64 of letters, digits, _ and -')
    const parameters = tool.object('parameters')
    if (tool.flag('strict') === true && parameters !== undefined) checkStrict(parameters)
    return [
      {
        name: tool.requiredString('name'),
        description: tool.text('description'),
        parameters: parameters?.value,
      },
    ]
  })
}

// In a strict schema every property is required, and no others are allowed.
function checkStrict(schema: StrictReader): void {
  const names = Object.keys(schema.object('properties')?.value ?? {})
  const required = schema.texts('required') ?? []
  const missing = names.find((name) => !required.includes(name))
  if (missing !== undefined)
    schema.reject('required', `must name every property of a strict tool: ${missing}`)
  if (schema.flag('additionalProperties') !== false)
    schema.reject('additionalProperties', 'must be false in a strict tool')
}

function readSettings(fields: StrictReader, tools: readonly ReceivedTool[]): ReceivedSettings {
  const effort = fields.object('reasoning')?.oneOf('effort', EFFORTS)
  return {
    maxTokens: fields.number('max_output_tokens', { whole: true, min: 16, max: MOST_TOKENS }),
    temperature: fields.number('temperature', { min: 0, max: 2 }),
    topP: fields.number('top_p', { min: 0, max: 1 }),
    topLogprobs: fields.number('top_logprobs', { whole: true, min: 0, max: 20 }),
    logprobs: fields.texts('include')?.includes('message.output_text.logprobs') === true ? true : undefined,
    parallelToolCalls: fields.flag('parallel_tool_calls'),
    user: fields.text('safety_identifier') ?? fields.text('user'),
    toolChoice: readToolChoice(fields, tools),
    reasoning: effort === undefined ? undefined : { effort },
    responseFormat: readFormat(fields),
  }
}

function readToolChoice(fields: StrictReader, tools: readonly ReceivedTool[]): ToolChoice | undefined {
  const choice = fields.value['tool_choice']
  if (choice === undefined || choice === null) return undefined
  if (typeof choice === 'string') {
    const word = fields.oneOf('tool_choice', ['auto', 'none', 'required'])
    if (word === 'required' && !fields.has('tools')) fields.reject('tool_choice', 'needs tools')
    return word
  }
  const named = fields.object('tool_choice')
  if (named?.requiredString('type') !== 'function') return undefined
  const name = named.requiredString('name')
  if (!tools.some((tool) => tool.name === name)) named.reject('name', `names no tool of the request: ${name}`)
  return { name }
}

function readFormat(fields: StrictReader): ReceivedSettings['responseFormat'] {
  const format = fields.object('text')?.object('format')
  if (format === undefined) return undefined
  format.requiredString('type')
  const type = format.oneOf('type', ['text', 'json_object', 'json_schema'])
  if (type !== 'json_schema') return { type: type === 'text' ? 'text' : 'json' }
  if (!NAME.test(format.requiredString('name')))
    format.reject('name', 'takes 1 to 64 of letters, digits, _ and -')
  const schema = format.requiredObject('schema')
  if (format.flag('strict') === true) checkStrict(schema)
  return { type: 'json', schema: schema.value }
}

/** Checks settings that only some models accept. */
function checkModel(fields: StrictReader, model: string): void {
  const chats = /^(gpt-[34]|chatgpt|gpt-5-chat)/.test(model)
  const reasons = /^(o\d|gpt-5(-(?!chat)|$))/.test(model)
  if (chats && fields.texts('include')?.includes('reasoning.encrypted_content') === true)
    reject('include', 'asks for encrypted content, which is not supported with this model')
  if (chats && fields.object('reasoning')?.has('effort') === true)
    reject('reasoning.effort', 'is not supported with this model', 'unsupported_parameter')
  for (const name of ['temperature', 'top_p', 'top_logprobs'])
    if (reasons && fields.has(name)) reject(name, 'is not supported with this model', 'unsupported_parameter')
}

/** Checks the rules that connect a setting with the mode or the texts. */
function checkModes(fields: StrictReader): void {
  const odd = fields.texts('include')?.find((name) => !INCLUDABLE.has(name))
  if (odd !== undefined) fields.reject('include', `takes no "${odd}"`)
  if (fields.has('stream_options') && fields.flag('stream') !== true)
    fields.reject('stream_options', 'is only allowed in a stream')
  const metadata = Object.values(fields.object('metadata')?.value ?? {})
  if (metadata.length > 16 || metadata.some((value) => typeof value !== 'string'))
    fields.reject('metadata', 'takes at most 16 texts')
  const json = fields.object('text')?.object('format')?.text('type') === 'json_object'
  const said = JSON.stringify([fields.value['instructions'], fields.value['input']])
  if (json && !/json/i.test(said))
    fields.reject('input', 'must hold the word json for a text.format of json_object')
}

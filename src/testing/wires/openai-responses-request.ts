import type { JsonObject } from '../../core/json.ts'
import type { ToolChoice } from '../../core/request.ts'
import { FakeHttpError, type ErrorWords } from '../fake-error.ts'
import { joinTurns, type ReadRequest, type ReceivedSettings, type ReceivedTool } from '../request.ts'
import { Fields } from './fields.ts'
import { errorWords as chatErrorWords } from './openai-chat-errors.ts'
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

/** OpenAI's words, with the field names of this format. */
export const errorWords: ErrorWords = {
  ...chatErrorWords,
  'context-too-long': { ...chatErrorWords['context-too-long'], param: 'input' },
}

/** Reads a responses body by OpenAI's rules. */
export function readOpenAIResponses(body: JsonObject, _head: RequestHead, rules: ReadRules): ReadRequest {
  const fields = new Fields(body, '', refuse)
  const unknown = fields.unknown(KNOWN)
  if (unknown !== undefined && rules.unknownFields === 'refuse')
    return refuse(unknown, 'is not a known parameter', 'unknown_parameter')
  const model = fields.required('model')
  const { system, turns } = readInput(fields)
  const tools = readTools(fields)
  checkModel(fields, model)
  checkModes(fields)
  return {
    model,
    stream: fields.flag('stream') ?? false,
    system: [fields.text('instructions') ?? '', ...system].filter(Boolean).join('\n'),
    turns: joinTurns(turns),
    tools,
    settings: readSettings(fields, tools),
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

function readTools(fields: Fields): ReceivedTool[] {
  return (fields.objects('tools') ?? []).flatMap((tool) => {
    if (tool.required('type') !== 'function') return []
    if (!NAME.test(tool.required('name'))) tool.refuse('name', 'takes 1 to 64 of letters, digits, _ and -')
    const parameters = tool.object('parameters')
    if (tool.flag('strict') === true && parameters !== undefined) checkStrict(parameters)
    return [
      { name: tool.required('name'), description: tool.text('description'), parameters: parameters?.value },
    ]
  })
}

// A strict schema leaves nothing open: every property is required, and there are no others.
function checkStrict(schema: Fields): void {
  const names = Object.keys(schema.object('properties')?.value ?? {})
  const required = schema.texts('required') ?? []
  const missing = names.find((name) => !required.includes(name))
  if (missing !== undefined)
    schema.refuse('required', `must name every property of a strict tool: ${missing}`)
  if (schema.flag('additionalProperties') !== false)
    schema.refuse('additionalProperties', 'must be false in a strict tool')
}

function readSettings(fields: Fields, tools: readonly ReceivedTool[]): ReceivedSettings {
  const effort = fields.object('reasoning')?.word('effort', EFFORTS)
  return {
    maxTokens: fields.integer('max_output_tokens', 16, MOST_TOKENS),
    temperature: fields.number('temperature', 0, 2),
    topP: fields.number('top_p', 0, 1),
    topLogprobs: fields.integer('top_logprobs', 0, 20),
    logprobs: fields.texts('include')?.includes('message.output_text.logprobs') === true ? true : undefined,
    parallelToolCalls: fields.flag('parallel_tool_calls'),
    user: fields.text('safety_identifier') ?? fields.text('user'),
    toolChoice: readToolChoice(fields, tools),
    reasoning: effort === undefined ? undefined : { effort },
    responseFormat: readFormat(fields),
  }
}

function readToolChoice(fields: Fields, tools: readonly ReceivedTool[]): ToolChoice | undefined {
  const choice = fields.value['tool_choice']
  if (choice === undefined || choice === null) return undefined
  if (typeof choice === 'string') {
    const word = fields.word('tool_choice', ['auto', 'none', 'required'])
    if (word === 'required' && !fields.has('tools')) fields.refuse('tool_choice', 'needs tools')
    return word
  }
  const named = fields.object('tool_choice')
  if (named?.required('type') !== 'function') return undefined
  const name = named.required('name')
  if (!tools.some((tool) => tool.name === name)) named.refuse('name', `names no tool of the request: ${name}`)
  return { name }
}

function readFormat(fields: Fields): ReceivedSettings['responseFormat'] {
  const format = fields.object('text')?.object('format')
  if (format === undefined) return undefined
  format.required('type')
  const type = format.word('type', ['text', 'json_object', 'json_schema'])
  if (type !== 'json_schema') return { type: type === 'text' ? 'text' : 'json' }
  if (!NAME.test(format.required('name'))) format.refuse('name', 'takes 1 to 64 of letters, digits, _ and -')
  const schema = format.object('schema') ?? format.refuse('schema', 'is required')
  if (format.flag('strict') === true) checkStrict(schema)
  return { type: 'json', schema: schema.value }
}

/** What goes with some models only. */
function checkModel(fields: Fields, model: string): void {
  const chats = /^(gpt-[34]|chatgpt|gpt-5[.\d]*-chat)/.test(model)
  const reasons = /^(o\d|gpt-5(-(?!chat)|$))/.test(model)
  if (chats && fields.texts('include')?.includes('reasoning.encrypted_content') === true)
    refuse('include', 'asks for encrypted content, which is not supported with this model')
  if (chats && fields.object('reasoning')?.has('effort') === true)
    refuse('reasoning.effort', 'is not supported with this model', 'unsupported_parameter')
  for (const name of ['temperature', 'top_p', 'top_logprobs'])
    if (reasons && fields.has(name)) refuse(name, 'is not supported with this model', 'unsupported_parameter')
}

/** Rules that join a setting with the mode, or with the texts. */
function checkModes(fields: Fields): void {
  const odd = fields.texts('include')?.find((name) => !INCLUDABLE.has(name))
  if (odd !== undefined) fields.refuse('include', `takes no "${odd}"`)
  if (fields.has('stream_options') && fields.flag('stream') !== true)
    fields.refuse('stream_options', 'is only allowed in a stream')
  const metadata = Object.values(fields.object('metadata')?.value ?? {})
  if (metadata.length > 16 || metadata.some((value) => typeof value !== 'string'))
    fields.refuse('metadata', 'takes at most 16 texts')
  const json = fields.object('text')?.object('format')?.text('type') === 'json_object'
  const said = JSON.stringify([fields.value['instructions'], fields.value['input']])
  if (json && !/json/i.test(said))
    fields.refuse('input', 'must hold the word json for a text.format of json_object')
}

import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { ToolChoice } from '../../core/request.ts'
import { FakeHttpError } from '../fake-error.ts'
import {
  joinTurns,
  turnOf,
  type ReadRequest,
  type ReceivedSettings,
  type ReceivedTool,
  type ReceivedMessage,
} from '../request.ts'
import { Fields } from './fields.ts'
import { checkTurns } from './gemini-turns.ts'
import type { ReadRules, RequestHead } from './wire.ts'

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/))
const BODY = words(
  'contents systemInstruction generationConfig tools toolConfig safetySettings cachedContent labels serviceTier store model',
)
const CONFIG = words(
  `audioTimestamp audioTranscriptionConfig candidateCount enableAffectiveDialog enableEnhancedCivicAnswers
  frequencyPenalty imageConfig logprobs maxOutputTokens mediaResolution modelSelectionConfig presencePenalty
  responseFormat responseJsonSchema responseLogprobs responseMimeType responseModalities responseSchema routingConfig
  seed speechConfig stopSequences temperature thinkingConfig topK topP translationConfig`,
)
const PART = words(
  `text inlineData fileData functionCall functionResponse executableCode codeExecutionResult thought thoughtSignature
  videoMetadata mediaResolution partMetadata toolCall toolResponse`,
)
const DATA = [
  'text',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
  'executableCode',
  'codeExecutionResult',
  'toolCall',
  'toolResponse',
] as const
const MODES = ['AUTO', 'ANY', 'NONE', 'VALIDATED', 'MODE_UNSPECIFIED'] as const
const MOST_TOKENS = 10_000_000

/** Reads a `generateContent` body by the Gemini API's rules; names may be in camel or snake case. */
export function readGemini(body: JsonObject, { path }: RequestHead, rules: ReadRules): ReadRequest {
  const [, model = '', method = ''] = /\/models\/([^/:]+):(\w+)$/.exec(path) ?? []
  const known: Known = (fields, names) => {
    const camel = camelCase(fields)
    const unknown = camel.unknown(names)
    if (unknown !== undefined && rules.unknownFields === 'refuse')
      refuse(fields.path, `has no field named "${unknown}"`)
    return camel
  }
  const fields = known(new Fields(body, '', refuse), BODY)
  const contents = fields.objects('contents')?.map(camelCase) ?? []
  if (contents.length === 0) fields.refuse('contents', 'must not be empty')
  const turns = contents.map((content) => readContent(content, known))
  checkTurns(turns, { refuse, signatures: needsSignature(model) })
  const tools = readTools(fields)
  const config = fields.object('generationConfig')
  return {
    model: decodeURIComponent(model),
    stream: method === 'streamGenerateContent',
    system: readSystem(fields, known),
    turns: joinTurns(turns.map(({ turn }) => turn)),
    tools,
    settings: {
      ...(config === undefined ? undefined : readConfig(known(config, CONFIG))),
      toolChoice: readToolChoice(fields),
    },
  }
}

/** Models that want the thought signature of a call back. */
export function needsSignature(model: string): boolean {
  return model.startsWith('gemini-3')
}

type Known = (fields: Fields, names: ReadonlySet<string>) => Fields

function refuse(path: string, problem: string): never {
  const where = path === '' ? 'The request' : path
  throw new FakeHttpError({
    status: 400,
    message: `${where} ${problem}.`,
    param: path === '' ? undefined : path,
  })
}

function camelCase(fields: Fields): Fields {
  const camel = (name: string): string =>
    name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase())
  const value = Object.fromEntries(Object.entries(fields.value).map(([name, held]) => [camel(name), held]))
  return new Fields(value, fields.path, refuse)
}

function readSystem(fields: Fields, known: Known): string {
  const instruction = fields.object('systemInstruction')
  if (instruction === undefined) return ''
  return (instruction.objects('parts') ?? [])
    .map((part) => known(part, PART).text('text') ?? refuse(part.path, 'must be a text'))
    .join('\n')
}

/** A content as a turn, with what the rules about turns ask for. */
export interface ReadContent {
  readonly path: string
  readonly turn: ReceivedMessage
  /** For each function call, whether it carries a thought signature. */
  readonly signed: readonly boolean[]
}

function readContent(content: Fields, known: Known): ReadContent {
  const role = content.word('role', ['user', 'model', 'function']) ?? 'user'
  const parts = (content.objects('parts') ?? []).map((part) => known(part, PART))
  if (parts.length === 0) content.refuse('parts', 'must hold at least one part')
  const pieces = parts.map((part) => readPart(part, role === 'model' ? 'assistant' : 'user'))
  const hasResults = pieces.some(({ toolResults }) => toolResults.length > 0)
  const turns = hasResults ? pieces.map((piece) => ({ ...piece, role: 'tool' as const })) : pieces
  // Parts of one turn are one text: no line breaks between them.
  const text = turns.map((turn) => turn.text).join('')
  const [joined = turnOf('user', {})] = joinTurns(turns)
  const calls = parts.filter((part) => part.has('functionCall'))
  return {
    path: content.path,
    turn: { ...joined, text },
    signed: calls.map((part) => (part.text('thoughtSignature') ?? '') !== ''),
  }
}

function readPart(part: Fields, role: 'user' | 'assistant'): ReceivedMessage {
  const kinds = DATA.filter((name) => part.has(name))
  const [kind] = kinds
  if (kind === undefined) refuse(part.path, 'must have one field with data')
  if (kinds.length > 1) refuse(part.path, `must have one field with data, not ${kinds.join(' and ')}`)
  const text = part.text('text')
  if (text !== undefined) return turnOf(role, part.flag('thought') === true ? { reasoning: text } : { text })
  const call = part.object('functionCall')
  if (call !== undefined) {
    if (role === 'user') refuse(part.path, 'holds a function call in a turn of role user')
    const args = call.object('args')?.value ?? {}
    return turnOf(role, {
      toolCalls: [{ id: call.text('id'), name: call.required('name'), arguments: args }],
    })
  }
  const result = part.object('functionResponse')
  if (result !== undefined) return turnOf('tool', { toolResults: [readResult(result)] })
  return turnOf(role, { media: readMedia(part) })
}

function readResult(result: Fields): ReceivedMessage['toolResults'][number] {
  const response = result.object('response') ?? result.refuse('response', 'must be an object')
  const error = response.value['error']
  return {
    id: result.text('id'),
    name: result.required('name'),
    text: plainResult(response.value),
    ...(error !== undefined && { isError: true }),
  }
}

// A result that is no object travels under the name `result`, `output` or `error`.
function plainResult(response: JsonObject): string {
  const names = Object.keys(response)
  const only: JsonValue | undefined = names.length === 1 ? response[names[0] ?? ''] : undefined
  const wrapped = ['result', 'output', 'error', 'content'].includes(names[0] ?? '')
  if (wrapped && only !== undefined) return typeof only === 'string' ? only : JSON.stringify(only)
  return JSON.stringify(response)
}

function readMedia(part: Fields): ReceivedMessage['media'] {
  const place = part.object('inlineData') ?? part.object('fileData')
  if (place === undefined) return []
  const media = camelCase(place)
  const mediaType = media.text('mimeType')
  const data = part.has('inlineData') ? media.required('data') : undefined
  const url = part.has('fileData') ? media.required('fileUri') : undefined
  const kind = /^(image|audio)\//.exec(mediaType ?? '')?.[1]
  return [{ type: kind === 'image' || kind === 'audio' ? kind : 'file', mediaType, data, url }]
}

function readTools(fields: Fields): ReceivedTool[] {
  return (fields.objects('tools') ?? []).flatMap((tool) =>
    (camelCase(tool).objects('functionDeclarations') ?? []).map((declared) => {
      const called = camelCase(declared)
      const name = called.required('name')
      if (!/^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/.test(name))
        called.refuse('name', 'must start with a letter or _, and takes 128 of letters, digits, _ . : and -')
      const schema = called.object('parametersJsonSchema') ?? called.object('parameters')
      return { name, description: called.text('description'), parameters: schema?.value }
    }),
  )
}

function readConfig(config: Fields): ReceivedSettings {
  const stop = config.texts('stopSequences')
  if (stop !== undefined && stop.length > 5) config.refuse('stopSequences', 'takes at most 5 texts')
  return {
    maxTokens: config.integer('maxOutputTokens', 1, MOST_TOKENS),
    temperature: config.number('temperature', 0, 2),
    topP: config.number('topP', 0, 1),
    topK: config.number('topK', 0, MOST_TOKENS),
    seed: config.integer('seed', -2_147_483_648, 2_147_483_647),
    frequencyPenalty: config.number('frequencyPenalty', -2, 2),
    presencePenalty: config.number('presencePenalty', -2, 2),
    n: config.integer('candidateCount', 1, 8),
    logprobs: config.flag('responseLogprobs'),
    topLogprobs: config.integer('logprobs', 0, 20),
    stop,
    reasoning: readThinking(config),
    responseFormat: readFormat(config),
  }
}

function readThinking(config: Fields): ReceivedSettings['reasoning'] {
  const given = config.object('thinkingConfig')
  if (given === undefined) return undefined
  const thinking = camelCase(given)
  const budgetTokens = thinking.integer('thinkingBudget', -1, MOST_TOKENS)
  const effort = thinking.text('thinkingLevel')?.toLowerCase()
  if (budgetTokens !== undefined && effort !== undefined)
    thinking.refuse('thinkingBudget', 'and thinkingLevel cannot both be set')
  return { effort, budgetTokens }
}

function readFormat(config: Fields): ReceivedSettings['responseFormat'] {
  const type = config.word('responseMimeType', ['text/plain', 'application/json', 'text/x.enum'])
  const schema = config.object('responseJsonSchema') ?? config.object('responseSchema')
  if (schema !== undefined && type !== 'application/json' && type !== 'text/x.enum')
    config.refuse('responseMimeType', 'must be application/json for a response schema')
  return type === undefined
    ? undefined
    : { type: type === 'application/json' ? 'json' : 'text', schema: schema?.value }
}

function readToolChoice(fields: Fields): ToolChoice | undefined {
  const toolConfig = fields.object('toolConfig')
  const given = toolConfig && camelCase(toolConfig).object('functionCallingConfig')
  if (given === undefined) return undefined
  const calling = camelCase(given)
  const mode = calling.word('mode', MODES) ?? 'AUTO'
  const names = calling.texts('allowedFunctionNames')
  if (names !== undefined && mode !== 'ANY' && mode !== 'VALIDATED')
    calling.refuse('allowedFunctionNames', 'may only be set in mode ANY or VALIDATED')
  if (mode === 'NONE') return 'none'
  if (mode !== 'ANY') return 'auto'
  const [only] = names ?? []
  return only !== undefined && names?.length === 1 ? { name: only } : 'required'
}

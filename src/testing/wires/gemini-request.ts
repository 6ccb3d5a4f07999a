import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { ToolChoice } from '../../core/request.ts'
import { FakeHttpError } from '../fake-error.ts'
import {
  joinMessages,
  messageOf,
  newestText,
  type ReceivedMessage,
  type ReceivedTool,
  type ReceivedSettings,
  type ReadRequest,
} from '../request.ts'
import { StrictReader } from './strict-reader.ts'
import { checkOrder } from './gemini-order.ts'
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
      reject(fields.path, `has no field named "${unknown}"`)
    return camel
  }
  const fields = known(new StrictReader(body, '', reject), BODY)
  const contents = fields.objects('contents')?.map(camelCase) ?? []
  if (contents.length === 0) fields.reject('contents', 'must not be empty')
  const contentsRead = contents.map((content) => readContent(content, known))
  checkOrder(contentsRead, { reject, signatures: needsSignature(model) })
  const tools = readTools(fields)
  const config = fields.object('generationConfig')
  return {
    model: decodeURIComponent(model),
    stream: method === 'streamGenerateContent',
    system: readSystem(fields, known),
    turns: joinMessages(contentsRead.map(({ message }) => message)),
    prompt: newestText(contentsRead.map(({ pieces }) => pieces)),
    tools,
    settings: {
      ...(config === undefined ? undefined : readConfig(known(config, CONFIG))),
      toolChoice: readToolChoice(fields),
    },
  }
}

/** Whether a model requires the thought signature of a call back. */
export function needsSignature(model: string): boolean {
  return model.startsWith('gemini-3')
}

type Known = (fields: StrictReader, names: ReadonlySet<string>) => StrictReader

function reject(path: string, problem: string): never {
  const where = path === '' ? 'The request' : path
  throw new FakeHttpError({
    status: 400,
    message: `${where} ${problem}.`,
    param: path === '' ? undefined : path,
  })
}

function camelCase(fields: StrictReader): StrictReader {
  const camel = (name: string): string =>
    name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase())
  const value = Object.fromEntries(Object.entries(fields.value).map(([name, held]) => [camel(name), held]))
  return new StrictReader(value, fields.path, reject)
}

function readSystem(fields: StrictReader, known: Known): string {
  const instruction = fields.object('systemInstruction')
  if (instruction === undefined) return ''
  return (instruction.objects('parts') ?? [])
    .map((part) => known(part, PART).text('text') ?? reject(part.path, 'must be a text'))
    .join('\n')
}

/** A content as a message, with what the rules of order need. */
export interface ReadContent {
  readonly path: string
  readonly message: ReceivedMessage
  /** Its parts as messages. */
  readonly pieces: readonly ReceivedMessage[]
  /** For each function call, whether it carries a thought signature. */
  readonly signed: readonly boolean[]
}

function readContent(content: StrictReader, known: Known): ReadContent {
  const role = content.oneOf('role', ['user', 'model', 'function']) ?? 'user'
  const parts = (content.objects('parts') ?? []).map((part) => known(part, PART))
  if (parts.length === 0) content.reject('parts', 'must hold at least one part')
  const pieces = parts.map((part) => readPart(part, role === 'model' ? 'assistant' : 'user'))
  const hasResults = pieces.some(({ toolResults }) => toolResults.length > 0)
  const turns = hasResults ? pieces.map((piece) => ({ ...piece, role: 'tool' as const })) : pieces
  // The parts of one content are one text, without line breaks.
  const text = turns.map((turn) => turn.text).join('')
  const [joined = messageOf('user', {})] = joinMessages(turns)
  const calls = parts.filter((part) => part.has('functionCall'))
  return {
    path: content.path,
    message: { ...joined, text },
    pieces: turns,
    signed: calls.map((part) => (part.text('thoughtSignature') ?? '') !== ''),
  }
}

function readPart(part: StrictReader, role: 'user' | 'assistant'): ReceivedMessage {
  const kinds = DATA.filter((name) => part.has(name))
  const [kind] = kinds
  if (kind === undefined) reject(part.path, 'must have one field with data')
  if (kinds.length > 1) reject(part.path, `must have one field with data, not ${kinds.join(' and ')}`)
  const text = part.text('text')
  if (text !== undefined)
    return messageOf(role, part.flag('thought') === true ? { reasoning: text } : { text })
  const call = part.object('functionCall')
  if (call !== undefined) {
    if (role === 'user') reject(part.path, 'holds a function call in a content of role user')
    const args = call.object('args')?.value ?? {}
    return messageOf(role, {
      toolCalls: [{ id: call.text('id'), name: call.requiredString('name'), arguments: args }],
    })
  }
  const result = part.object('functionResponse')
  if (result !== undefined) return messageOf('tool', { toolResults: [readResult(result)] })
  return messageOf(role, { media: readMedia(part) })
}

function readResult(result: StrictReader): ReceivedMessage['toolResults'][number] {
  const response = result.object('response') ?? result.reject('response', 'must be an object')
  const error = response.value['error']
  return {
    id: result.text('id'),
    name: result.requiredString('name'),
    text: plainResult(response.value),
    ...(error !== undefined && { isError: true }),
  }
}

// A result other than an object is sent as `result`, `output` or `error`.
function plainResult(response: JsonObject): string {
  const names = Object.keys(response)
  const only: JsonValue | undefined = names.length === 1 ? response[names[0] ?? ''] : undefined
  const wrapped = ['result', 'output', 'error', 'content'].includes(names[0] ?? '')
  if (wrapped && only !== undefined) return typeof only === 'string' ? only : JSON.stringify(only)
  return JSON.stringify(response)
}

function readMedia(part: StrictReader): ReceivedMessage['media'] {
  const place = part.object('inlineData') ?? part.object('fileData')
  if (place === undefined) return []
  const media = camelCase(place)
  const mediaType = media.text('mimeType')
  const data = part.has('inlineData') ? media.requiredString('data') : undefined
  const url = part.has('fileData') ? media.requiredString('fileUri') : undefined
  const kind = /^(image|audio)\//.exec(mediaType ?? '')?.[1]
  return [{ type: kind === 'image' || kind === 'audio' ? kind : 'file', mediaType, data, url }]
}

function readTools(fields: StrictReader): ReceivedTool[] {
  return (fields.objects('tools') ?? []).flatMap((tool) =>
    (camelCase(tool).objects('functionDeclarations') ?? []).map((declared) => {
      const called = camelCase(declared)
      const name = called.requiredString('name')
      if (!/^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/.test(name))
        called.reject('name', 'must start with a letter or _, and takes 128 of letters, digits, _ . : and -')
      const schema = called.object('parametersJsonSchema') ?? called.object('parameters')
      return { name, description: called.text('description'), parameters: schema?.value }
    }),
  )
}

function readConfig(config: StrictReader): ReceivedSettings {
  const stop = config.texts('stopSequences')
  if (stop !== undefined && stop.length > 5) config.reject('stopSequences', 'takes at most 5 texts')
  return {
    maxTokens: config.number('maxOutputTokens', { whole: true, min: 1, max: MOST_TOKENS }),
    temperature: config.number('temperature', { min: 0, max: 2 }),
    topP: config.number('topP', { min: 0, max: 1 }),
    topK: config.number('topK', { min: 0, max: MOST_TOKENS }),
    seed: config.number('seed', { whole: true, min: -2_147_483_648, max: 2_147_483_647 }),
    frequencyPenalty: config.number('frequencyPenalty', { min: -2, max: 2 }),
    presencePenalty: config.number('presencePenalty', { min: -2, max: 2 }),
    n: config.number('candidateCount', { whole: true, min: 1, max: 8 }),
    logprobs: config.flag('responseLogprobs'),
    topLogprobs: config.number('logprobs', { whole: true, min: 0, max: 20 }),
    stop,
    reasoning: readThinking(config),
    responseFormat: readFormat(config),
  }
}

function readThinking(config: StrictReader): ReceivedSettings['reasoning'] {
  const given = config.object('thinkingConfig')
  if (given === undefined) return undefined
  const thinking = camelCase(given)
  const budgetTokens = thinking.number('thinkingBudget', { whole: true, min: -1, max: MOST_TOKENS })
  const effort = thinking.text('thinkingLevel')?.toLowerCase()
  if (budgetTokens !== undefined && effort !== undefined)
    thinking.reject('thinkingBudget', 'and thinkingLevel cannot both be set')
  return { effort, budgetTokens }
}

function readFormat(config: StrictReader): ReceivedSettings['responseFormat'] {
  const type = config.oneOf('responseMimeType', ['text/plain', 'application/json', 'text/x.enum'])
  const schema = config.object('responseJsonSchema') ?? config.object('responseSchema')
  if (schema !== undefined && type !== 'application/json' && type !== 'text/x.enum')
    config.reject('responseMimeType', 'must be application/json for a response schema')
  return type === undefined
    ? undefined
    : { type: type === 'application/json' ? 'json' : 'text', schema: schema?.value }
}

function readToolChoice(fields: StrictReader): ToolChoice | undefined {
  const toolConfig = fields.object('toolConfig')
  const given = toolConfig && camelCase(toolConfig).object('functionCallingConfig')
  if (given === undefined) return undefined
  const calling = camelCase(given)
  const mode = calling.oneOf('mode', MODES) ?? 'AUTO'
  const names = calling.texts('allowedFunctionNames')
  if (names !== undefined && mode !== 'ANY' && mode !== 'VALIDATED')
    calling.reject('allowedFunctionNames', 'may only be set in mode ANY or VALIDATED')
  if (mode === 'NONE') return 'none'
  if (mode !== 'ANY') return 'auto'
  const [only] = names ?? []
  return only !== undefined && names?.length === 1 ? { name: only } : 'required'
}

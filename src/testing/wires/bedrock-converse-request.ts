import { isObject, parseJson, type JsonObject } from '../../core/json.ts'
import type { ToolChoice } from '../../core/request.ts'
import { FakeHttpError } from '../fake-error.ts'
import {
  joinMessages,
  newestText,
  type ReceivedTool,
  type ReceivedSettings,
  type ReadRequest,
} from '../request.ts'
import { checkThinking, checkOrder, checkToolResults } from './bedrock-converse-rules.ts'
import { readMessages } from './bedrock-converse-messages.ts'
import { StrictReader } from './strict-reader.ts'
import type { ReadRules, RequestHead } from './wire.ts'

/** The path of a call, which contains the model id. */
export const CHAT_PATH: RegExp = /\/model\/([^/]+)\/converse(-stream)?$/

const KNOWN: ReadonlySet<string> = new Set(
  `additionalModelRequestFields additionalModelResponseFieldPaths guardrailConfig inferenceConfig messages outputConfig
  performanceConfig promptVariables requestMetadata serviceTier system toolConfig`.split(/\s+/),
)
const KNOWN_INFERENCE: ReadonlySet<string> = new Set(['maxTokens', 'stopSequences', 'temperature', 'topP'])
const MOST_TOKENS = 10_000_000
const MOST_STOPS = 2_500
// Models that accept one sampling parameter only.
const ONE_SAMPLER = /claude-(opus-4-[1-9]|sonnet-4-[5-9]|haiku-4-5)/

/** Reads a converse body by Bedrock's rules. */
export function readBedrockConverse(body: JsonObject, { path }: RequestHead, rules: ReadRules): ReadRequest {
  const [, id = '', suffix] = CHAT_PATH.exec(path) ?? []
  const model = decodeURIComponent(id)
  const fields = new StrictReader(body, '', reject)
  const inference = fields.object('inferenceConfig')
  const unknown = fields.unknown(KNOWN) ?? inference?.unknown(KNOWN_INFERENCE)
  if (unknown !== undefined && rules.unknownFields === 'refuse')
    reject(unknown, 'extraneous key is not permitted')
  const messages = fields.requiredObjects('messages')
  if (messages.length === 0) fields.reject('messages', 'a conversation must hold a message')
  const turns = readMessages(messages, model)
  const tools = readTools(fields)
  checkOrder(messages, model)
  checkToolResults(fields, messages)
  checkThinking(fields, messages)
  return {
    model,
    stream: suffix !== undefined,
    system: (fields.objects('system') ?? []).flatMap(readSystem).join('\n'),
    turns: joinMessages(turns.flat()),
    prompt: newestText(turns),
    tools,
    settings: {
      ...readInference(inference, model),
      ...readExtra(fields.object('additionalModelRequestFields')),
      ...readToolChoice(fields, tools),
      responseFormat: readFormat(fields),
    },
  }
}

function reject(path: string, problem: string): never {
  throw new FakeHttpError({
    kind: 'invalid-request',
    message: `The value at ${path} is not valid: ${problem}`,
  })
}

function readSystem(block: StrictReader): string[] {
  if (block.has('cachePoint') || block.has('guardContent')) return []
  return [block.requiredString('text')]
}

function readTools(fields: StrictReader): ReceivedTool[] {
  const config = fields.object('toolConfig')
  if (config === undefined) return []
  const tools = config.requiredObjects('tools')
  if (tools.length === 0) config.reject('tools', 'must hold a tool')
  return tools.flatMap((tool) => {
    if (tool.has('cachePoint') || tool.has('systemTool')) return []
    const spec = tool.requiredObject('toolSpec')
    const name = spec.requiredString('name')
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) spec.reject('name', 'takes 1 to 64 of letters, digits, _ and -')
    if (spec.text('description') === '') spec.reject('description', 'must not be empty')
    const schema =
      spec.object('inputSchema')?.object('json') ?? spec.reject('inputSchema.json', 'is required')
    if (schema.value['type'] !== 'object') schema.reject('type', 'must be object')
    return [{ name, description: spec.text('description'), parameters: schema.value }]
  })
}

function readInference(inference: StrictReader | undefined, model: string): ReceivedSettings {
  if (inference === undefined) return {}
  const stop = inference.texts('stopSequences')
  if (stop !== undefined && (stop.length > MOST_STOPS || stop.includes('')))
    inference.reject('stopSequences', `takes at most ${MOST_STOPS} texts, none of them empty`)
  const temperature = inference.number('temperature', { min: 0, max: 1 })
  const topP = inference.number('topP', { min: 0, max: 1 })
  if (temperature !== undefined && topP !== undefined && ONE_SAMPLER.test(model))
    inference.reject('temperature', 'and topP cannot both be specified for this model')
  return {
    maxTokens: inference.number('maxTokens', { whole: true, min: 1, max: MOST_TOKENS }),
    temperature,
    topP,
    stop,
  }
}

// Parameters of the model's own, under the names of each model family.
function readExtra(extra: StrictReader | undefined): ReceivedSettings {
  if (extra === undefined) return {}
  const disableParallel = extra.object('tool_choice')?.flag('disable_parallel_tool_use')
  return {
    topK:
      extra.number('top_k', { whole: true, min: 0, max: MOST_TOKENS }) ??
      extra.object('inferenceConfig')?.number('topK', { whole: true, min: 0, max: 128 }),
    parallelToolCalls: disableParallel === undefined ? undefined : !disableParallel,
    reasoning: readReasoning(extra),
  }
}

function readReasoning(extra: StrictReader): ReceivedSettings['reasoning'] {
  const thinking = extra.object('thinking') ?? extra.object('reasoningConfig')
  if (thinking?.text('type') === 'disabled') return { effort: 'none' }
  const bare = isObject(extra.value['reasoning_config'])
    ? undefined
    : (extra.text('reasoning_config') ?? extra.text('reasoning_effort'))
  const effort = bare ?? extra.object('output_config')?.text('effort') ?? thinking?.text('maxReasoningEffort')
  const budgetTokens = thinking?.number('budget_tokens', { whole: true, min: 1024, max: MOST_TOKENS })
  return effort === undefined && budgetTokens === undefined ? undefined : { effort, budgetTokens }
}

function readToolChoice(fields: StrictReader, tools: readonly ReceivedTool[]): { toolChoice?: ToolChoice } {
  const choice = fields.object('toolConfig')?.object('toolChoice')
  const other = fields.object('additionalModelRequestFields')?.object('tool_choice')
  if (choice === undefined && other === undefined) return {}
  const named = choice?.object('tool')?.requiredString('name') ?? other?.text('name')
  if (named !== undefined && !tools.some(({ name }) => name === named))
    fields.reject('toolConfig.toolChoice.tool.name', `names no tool of the request: ${named}`)
  if (named !== undefined) return { toolChoice: { name: named } }
  return { toolChoice: choice?.has('any') === true || other?.text('type') === 'any' ? 'required' : 'auto' }
}

function readFormat(fields: StrictReader): ReceivedSettings['responseFormat'] {
  const format = fields.object('outputConfig')?.object('textFormat')
  if (format === undefined) return undefined
  format.oneOf('type', ['json_schema'])
  const given = format.object('structure')?.object('jsonSchema')?.text('schema')
  const schema = parseJson(given ?? '')
  if (!isObject(schema))
    return format.reject('structure.jsonSchema.schema', 'must be the text of a JSON schema')
  return { type: 'json', schema }
}
